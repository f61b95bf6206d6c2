import { ApolloDriver } from '@nestjs/apollo';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@ObjectType()
class Account {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Account)
class AccountResolver {
  @Query(() => String)
  ping(): string {
    return 'pong';
  }

  @Mutation(() => Account)
  @AttributeReferral()
  signUp(@Args('id') id: string): Account {
    return { id };
  }

  @Mutation(() => Account)
  @AttributeReferral()
  failing(@Args('id') id: string): Account {
    throw new Error(`not ${id}`);
  }

  @Mutation(() => Account)
  @AttributeReferral()
  async failingLate(
    @Args('id') id: string,
    @Referral() referral: ReferralContext,
  ): Promise<Account> {
    await referral.attribute({ id });
    throw new Error('too late');
  }

  @Mutation(() => Account)
  @AttributeReferral()
  async twice(@Args('id') id: string, @Referral() referral: ReferralContext): Promise<Account> {
    await referral.attribute({ id });
    await referral.attribute({ id: 'somebody-else' });
    await referral.attribute({ id, email: 'ada@example.com' });
    return { id };
  }

  @Mutation(() => Account)
  @AttributeReferral({ name: 'second' })
  inSecond(@Args('id') id: string): Account {
    return { id };
  }

  @Mutation(() => Account)
  @AttributeReferral(() => ({
    get id(): string {
      throw new Error('lazy');
    },
  }))
  hostile(@Args('id') id: string): Account {
    return { id };
  }

  @Mutation(() => Account)
  @AttributeReferral()
  async byHand(@Args('id') id: string, @Referral() referral: ReferralContext): Promise<Account> {
    await referral.attribute({ id: `${id}-${referral.key}` });
    return { id };
  }
}

describe.each(ADAPTERS)('a GraphQL mutation, on %s', (adapter) => {
  let fake: FakePartnero;
  let second: FakePartnero;
  let running: RunningApp;

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    second = await FakePartnero.start({ partners: ['ann'] });
    running = await startApp({
      adapter,
      imports: [
        partnero(fake),
        partnero(second, { name: 'second' }),
        GraphQLModule.forRoot({
          driver: adapter === 'express' ? ApolloDriver : MercuriusDriver,
          autoSchemaFile: true,
          ...(adapter === 'fastify' ? { context: (request: unknown) => ({ request }) } : {}),
        }),
      ],
      providers: [AccountResolver],
    });
  });

  afterEach(async () => {
    await closeApps();
    await Promise.all([fake.stop(), second.stop()]);
  });

  afterAll(removeTemporaryFolders);

  async function mutate(query: string, partner: string | undefined = 'ann'): Promise<unknown> {
    const body = { query: `mutation { ${query} }` };
    const headers = { 'apollo-require-preflight': '1' };
    const response = await visit(`${running.url}/graphql`, { partner, body, headers });
    return response.json();
  }

  const keys = () => fake.customers.map(({ key }) => key).toSorted();
  const stats = () => running.app.get(PartneroService).outbox.stats();

  it('is attributed when its resolver completes', async () => {
    expect(await mutate('signUp(id: "1") { id }')).toMatchObject({ data: { signUp: { id: '1' } } });
    await settled(running.app, 1);
    expect(fake.customers).toMatchObject([{ key: '1', partner: { key: 'ann' } }]);
  });

  it('is not attributed when its resolver fails, though the status is 200', async () => {
    expect(await mutate('failing(id: "1") { id }')).toHaveProperty('errors');
    expect(await stats()).toMatchObject({ queued: 0 });
  });

  it('is discarded when its resolver fails after attributing', async () => {
    expect(await mutate('failingLate(id: "1") { id }')).toHaveProperty('errors');
    expect((await settled(running.app, 1)).outcomes).toEqual({ discarded: 1 });
    expect(keys()).toEqual([]);
  });

  it('one attribution per resolver call, each new customer once a request', async () => {
    await mutate('a: signUp(id: "1") { id } b: signUp(id: "2") { id } c: signUp(id: "1") { id }');
    await settled(running.app, 2);
    expect(keys()).toEqual(['1', '2']);
  });

  it('in two programs at once is attributed in both', async () => {
    await mutate('signUp(id: "1") { id } inSecond(id: "1") { id }');
    await settled(running.app, 1);
    await eventually(() => second.customers.length === 1);
    expect([keys(), second.customers[0]?.key]).toEqual([['1'], '1']);
  });

  it('attributed more than once by hand, the last call wins', async () => {
    await mutate('twice(id: "1") { id }');
    await settled(running.app, 3);
    expect(fake.customers).toMatchObject([{ key: '1', email: 'ada@example.com' }]);
  });

  it('is not failed by a customer whose getter throws', async () => {
    expect(await mutate('hostile(id: "1") { id }')).toMatchObject({
      data: { hostile: { id: '1' } },
    });
    expect(await stats()).toMatchObject({ queued: 0, notAccepted: { no_customer: 1 } });
  });

  it('can be attributed by hand', async () => {
    await mutate('a: byHand(id: "1") { id } b: byHand(id: "2") { id }');
    await settled(running.app, 2);
    expect(keys()).toEqual(['1-ann', '2-ann']);
  });

  it('without a key is counted, and nothing more', async () => {
    await mutate('signUp(id: "1") { id }', '');
    expect(await stats()).toMatchObject({ queued: 0, notAccepted: { no_referral: 1 } });
  });
});
