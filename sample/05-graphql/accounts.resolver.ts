import { randomUUID } from 'node:crypto';
import { Args, Field, ID, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { AttributeReferral, PartneroService } from 'nestjs-partnero';

@ObjectType()
export class Account {
  @Field(() => ID)
  id!: string;

  @Field()
  email!: string;
}

@Resolver(() => Account)
export class AccountsResolver {
  constructor(private readonly partnero: PartneroService) {}

  /** The account that it resolves to has an `id`: that is all that `@AttributeReferral()` needs. */
  @Mutation(() => Account)
  @AttributeReferral()
  signUp(@Args('email') email: string): Account {
    if (!email.includes('@')) throw new Error('That is no e-mail address.');
    return { id: randomUUID(), email };
  }

  /** What became of his attribution; null if nobody sent him. */
  @Query(() => String, { nullable: true })
  async fate(@Args('id', { type: () => ID }) id: string): Promise<string | null> {
    const [entry] = await this.partnero.outbox.find({ customerKey: id });
    return entry ? (entry.outcome ?? entry.state) : null;
  }
}
