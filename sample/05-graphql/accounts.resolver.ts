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

  /** `@AttributeReferral()` needs the `id` of the returned account, and nothing else. */
  @Mutation(() => Account)
  @AttributeReferral()
  signUp(@Args('email') email: string): Account {
    if (!email.includes('@')) throw new Error('That is no e-mail address.');
    return { id: randomUUID(), email };
  }

  /** The status of the attribution; null if nobody referred this user. */
  @Query(() => String, { nullable: true })
  async status(@Args('id', { type: () => ID }) id: string): Promise<string | null> {
    const [entry] = await this.partnero.outbox.find({ customerKey: id });
    return entry ? (entry.outcome ?? entry.state) : null;
  }
}
