import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  fromMinorUnits,
  PartneroError,
  sqliteOutbox,
  type Money,
  type OutboxDefinition,
  type PartneroService,
  type Sale,
} from 'nestjs-partnero';
import { eventually } from '../support/eventually.js';
import { pass, useFakeTimers, useRealClock } from '../support/fake-clock.js';
import { GRACE_MS, Sales } from '../support/sales.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let sales: Sales;

afterEach(async () => {
  useRealClock();
  await sales.end();
});

afterAll(removeTemporaryFolders);

const sale = (overrides: Partial<Sale> = {}): Sale => ({
  key: 'inv-1',
  customer: { key: 'user-42' },
  amount: { amount: '49.00', currency: 'USD' },
  ...overrides,
});
const usd = (amount: string): Money => ({ amount, currency: 'USD' });
const failure = (call: Promise<unknown>) => call.catch((error: unknown) => error as PartneroError);

describe('record()', () => {
  it('refuses amounts in several currencies, products that are objects, and what contains itself', async () => {
    sales = await Sales.start();
    const reward = { amount: '5.00', currency: 'EUR' };
    const record = (given: Sale) => sales.partnero.transactions.record(given);
    expect(await failure(record(sale({ reward })))).toMatchObject({ kind: 'invalid_input' });
    const product = { id: 1, secret: 'column' } as never;
    expect(await failure(record(sale({ product_id: product })))).toMatchObject({
      kind: 'invalid_input',
      fieldErrors: { product_id: expect.any(Array) },
    });
    const options: Record<string, unknown> = {};
    options['options'] = options;
    expect(await failure(record(sale({ options } as never)))).toMatchObject({
      kind: 'invalid_input',
    });
    const entity: Record<string, unknown> = { ...sale() };
    entity['order'] = entity;
    expect((await record(entity as never)).outcome).toBe('queued');
  });

  it('records a sale, and says what became of it', async () => {
    sales = await Sales.start();
    const kept = await sales.partnero.transactions.record(sale());
    expect(kept).toEqual({ jobId: expect.any(String), outcome: 'queued' });
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toMatchObject([
      {
        key: 'inv-1',
        amount: 49,
        amountUnits: 'USD',
        action: 'sale',
        customer: { key: 'user-42' },
      },
    ]);
    expect(sales.outcomes).toMatchObject([
      {
        jobName: 'transaction',
        transactionKey: 'inv-1',
        customerKey: 'user-42',
        jobId: kept.jobId,
      },
    ]);
    expect(await sales.partnero.outbox.find({ customerKey: 'user-42' })).toMatchObject([
      { jobName: 'transaction', key: 'inv-1', outcome: 'recorded' },
    ]);
    expect(await sales.partnero.outbox.stats()).toMatchObject({
      jobs: { transaction: { queued: 1, pending: 0, outcomes: { recorded: 1 } } },
    });
  });

  it.each<[Money, number, string]>([
    [usd('49.00'), 49, 'USD'],
    [usd('0.1'), 0.1, 'USD'],
    [fromMinorUnits(4900, 'USD'), 49, 'USD'],
    [fromMinorUnits(500, 'JPY'), 500, 'JPY'],
    [fromMinorUnits(1234, 'KWD'), 1.234, 'KWD'],
  ])('sends %j as %d %s', async (amount, number, units) => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(sale({ amount }));
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toMatchObject([{ amount: number, amountUnits: units }]);
  });

  it('sends all that was said of the sale', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(
      sale({
        key: 7n,
        amount: usd('99.99'),
        reward: usd('30.00'),
        action: 'renewal',
        product_id: 'pro',
        rewardable: true,
        created_at: new Date('2026-01-02T03:04:05Z'),
      }),
    );
    await sales.settled();
    expect(sales.fake.requestsTo('POST /transactions')[0]!.body).toEqual({
      key: '7',
      customer: { key: 'user-42' },
      amount: 99.99,
      reward: 30,
      amount_units: 'USD',
      action: 'renewal',
      product_id: 'pro',
      rewardable: true,
      created_at: Date.parse('2026-01-02T03:04:05Z') / 1_000,
    });
  });

  it.each<[string, object]>([
    ['amount', { amount: 49 }],
    ['amount', { amount: { amount: 49, currency: 'USD' } }],
    ['amount', { amount: { amount: Number.NaN, currency: 'USD' } }],
    ['amount', { amount: usd('4.9e1') }],
    ['amount', { amount: usd('49,00') }],
    ['amount', { amount: usd('-49.00') }],
    ['amount', { amount: usd('49.001') }],
    ['amount', { amount: { amount: '49.00', currency: 'XYZ' } }],
    ['amount', { amount: '49.00' }],
    ['amount', { amount: undefined }],
    ['key', { key: undefined }],
    ['key', { key: '' }],
    ['key', { key: 1.5 }],
    ['customer', { customer: undefined }],
    ['customer', { customer: { email: 'ada@example.com' } }],
    ['created_at', { created_at: 'yesterday' }],
  ])('refuses a bad %s: %j', async (field, overrides) => {
    sales = await Sales.start();
    const { record } = sales.partnero.transactions;
    const error = await failure(
      record.call(sales.partnero.transactions, { ...sale(), ...overrides }),
    );
    expect(error).toBeInstanceOf(PartneroError);
    expect(error).toMatchObject({
      kind: 'invalid_input',
      fieldErrors: { [field]: expect.any(Array) },
    });
    expect((error as Error).message).not.toMatch(/ada@|user-42/);
    expect((await sales.partnero.outbox.stats()).queued).toBe(0);
  });

  it('arrives behind its customer’s own attribution', async () => {
    sales = await Sales.start();
    await sales.fake.down();
    await sales.partnero.attribute({ key: 'ann' }, { id: 'new' });
    await sales.partnero.transactions.record(sale({ customer: { id: 'new' } }));
    await sales.fake.up();
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toMatchObject([{ customer: { key: 'new' } }]);
  });

  it('of a customer whom Partnero does not know is not attributed, and not sent', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(sale({ customer: { key: 'stranger' } }));
    expect(await sales.settled()).toEqual(['not_attributed']);
    expect(sales.sent).toBe(0);
    expect(sales.running.logger.ours('warn')).toEqual([]);
    sales.fake.addCustomer({ key: 'stranger', partner: sales.fake.partners[0]! });
    await sales.partnero.transactions.record(sale({ customer: { key: 'stranger' } }));
    expect(await sales.settled()).toEqual(['not_attributed', 'recorded']);
  });

  it.each([400, 404, 422] as const)(
    'that Partnero refuses with %d over its customer is not attributed',
    async (status) => {
      sales = await Sales.start();
      const errors = status === 404 ? {} : { errors: { 'customer.key': ['is not referred'] } };
      const body = JSON.stringify({ status: 0, message: 'no', ...errors });
      sales.fake.misbehave({ type: 'status', status, body }, { on: 'POST /transactions' });
      await sales.partnero.transactions.record(sale());
      expect(await sales.settled()).toEqual(['not_attributed']);
    },
  );

  it('of a customer whose key is the e-mail address of somebody else is not attributed', async () => {
    sales = await Sales.start();
    sales.fake.addCustomer({
      key: 'user-7',
      email: 'ada@example.com',
      partner: sales.fake.partners[0]!,
    });
    await sales.partnero.transactions.record(sale({ customer: { key: 'ada@example.com' } }));
    expect(await sales.settled()).toEqual(['not_attributed']);
    expect(sales.sent).toBe(0);
  });

  it('that Partnero refuses since it has it, after it said that it had not, is a duplicate', async () => {
    sales = await Sales.start({ apiVariants: { transactionKeys: 'refused' } });
    await sales.partnero.transactions.create(sale() as never);
    const nothing = JSON.stringify({ status: 1, data: [] });
    sales.fake.misbehave(
      { type: 'status', status: 200, body: nothing },
      { on: 'GET /transactions', times: 1 },
    );
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['duplicate']);
    expect(sales.fake.transactions).toHaveLength(1);
  });

  it('that Partnero refuses for another reason is rejected, and may be told again', async () => {
    sales = await Sales.start();
    const body = JSON.stringify({ errors: { product_id: ['unknown'] } });
    const once = { on: 'POST /transactions', times: 1 };
    sales.fake.misbehave({ type: 'status', status: 422, body }, once);
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['rejected']);
    expect(sales.outcomes[0]!.reason).toBe('422 product_id');
    expect(sales.running.logger.ours('warn')).toEqual([
      expect.stringContaining('Partnero refused the sale'),
    ]);
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['rejected', 'recorded']);
  });
});

describe('the same key', () => {
  it('twice is one transaction', async () => {
    sales = await Sales.start();
    const told = await Promise.all(
      Array.from({ length: 20 }, () => sales.partnero.transactions.record(sale())),
    );
    expect(told.filter(({ outcome }) => outcome === 'queued')).toHaveLength(1);
    const found = await sales.settled();
    expect(found.filter((outcome) => outcome === 'duplicate')).toHaveLength(19);
    expect((await sales.partnero.transactions.record(sale())).outcome).toBe('duplicate');
    expect(sales.fake.transactions).toHaveLength(1);
    expect(sales.sent).toBe(1);
  });

  it.each<[string, Partial<Sale>]>([
    ['amount', { amount: usd('50.00') }],
    ['currency', { amount: { amount: '49.00', currency: 'EUR' } }],
    ['customer', { customer: { key: 'user-43' } }],
  ])('with another %s is a conflict, and an error line', async (_, other) => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(sale());
    expect((await sales.partnero.transactions.record(sale(other))).outcome).toBe('conflict');
    expect((await sales.settled()).toSorted()).toEqual(['conflict', 'recorded']);
    expect(sales.running.logger.ours('error')).toEqual([
      expect.stringContaining('its key is taken by a sale with another amount'),
    ]);
    expect(sales.fake.transactions).toHaveLength(1);
  });

  it('in the same amount, written otherwise, is the same', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(sale({ amount: usd('49') }));
    const again = await sales.partnero.transactions.record(
      sale({ amount: fromMinorUnits(4900, 'usd'), customer: { id: 'user-42' } }),
    );
    expect(again.outcome).toBe('duplicate');
    await sales.settled();
  });

  it('is known at Partnero, after a new start with an empty file', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.record(sale());
    await sales.settled();
    await sales.running.close();
    sales.outcomes.length = 0;
    await sales.startApp({}, `${temporaryFolder()}/empty.db`);
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['duplicate']);
    expect(sales.sent).toBe(1);
  });

  it.each<[string, Partial<Sale>]>([
    ['amount', { amount: usd('50.00') }],
    ['currency', { amount: { amount: '49.00', currency: 'EUR' } }],
    ['customer', { customer: { key: 'user-43' } }],
  ])('with another %s at Partnero is a conflict there', async (_, other) => {
    sales = await Sales.start();
    sales.fake.addCustomer({ key: 'user-43', partner: sales.fake.partners[0]! });
    await sales.partnero.transactions.create(sale() as never);
    await sales.partnero.transactions.record(sale(other));
    expect(await sales.settled()).toEqual(['conflict']);
    expect(sales.fake.transactions).toHaveLength(1);
    expect(sales.running.logger.ours('error')[0]).toMatch(/two sales share it/);
  });

  it('recorded by two processes at once is one transaction', async () => {
    sales = await Sales.start();
    const one = sales.partnero;
    const two = await sales.startApp();
    const record = (partnero: PartneroService, key: number) =>
      partnero.transactions.record(sale({ key }));
    await Promise.all(
      Array.from({ length: 20 }, (_, key) => [record(one, key), record(two, key)]).flat(),
    );
    await sales.settled();
    expect(sales.fake.transactions).toHaveLength(20);
    expect(new Set(sales.fake.transactions.map(({ key }) => key)).size).toBe(20);
  });
});

describe('a sending without an answer', () => {
  const ONCE = { on: 'POST /transactions', times: 1 };

  it.each([
    ['that was carried out', { type: 'reset_after' }, 1],
    ['that was carried out, and hangs', { type: 'hang', writes: true }, 1],
    ['that was carried out, and answered 500', { type: 'status', status: 500, writes: true }, 1],
    ['that was carried out, and answered in HTML', { type: 'empty' }, 1],
    ['that was carried out, and answered by half', { type: 'cut_json' }, 1],
    ['that was not carried out', { type: 'reset_before' }, 2],
    ['that was not carried out, and answered 503', { type: 'status', status: 503 }, 2],
    ['that is carried out late', { type: 'reset_before_late_write', afterMs: GRACE_MS / 2 }, 1],
  ] as const)('%s ends as one transaction', async (_, fault, sent) => {
    sales = await Sales.start({}, { timeoutMs: 300 });
    sales.fake.misbehave(fault, ONCE);
    const started = performance.now();
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['recorded']);
    expect(performance.now() - started).toBeGreaterThan(GRACE_MS);
    expect(sales.fake.transactions).toHaveLength(1);
    expect(sales.sent).toBe(sent);
  });

  /** A process ends in the midst of it: it has left, and nobody knows whether it arrived. */
  async function leaveSent(ambiguousGraceMs: number): Promise<void> {
    sales = await Sales.start({}, { timeoutMs: 20_000, delivery: { ambiguousGraceMs } });
    sales.fake.misbehave({ type: 'hang' }, ONCE);
    await sales.partnero.transactions.record(sale());
    await eventually(() => sales.sent === 1);
    useFakeTimers();
    const closing = sales.running.close();
    await pass(5_000);
    useRealClock();
    await closing;
    sales.outcomes.length = 0;
  }

  it('is waited for by a process that takes it over, too', async () => {
    await leaveSent(1_500);
    const client = await sales.startApp({ delivery: { ambiguousGraceMs: 1_500 } });
    // Partnero's own write lands late, after who took it over could have looked.
    await sleep(100);
    await client.transactions.create(sale() as never);
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toHaveLength(1);
  });

  it('is not waited for until a clock that was set back has caught up', async () => {
    const now = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      await leaveSent(GRACE_MS);
    } finally {
      clock.mockRestore();
    }
    await sales.startApp();
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toHaveLength(1);
  });

  it.each([
    ['for longer than five seconds', undefined, 60_000],
    ['for longer than the engine allows', 1_000, 2_000],
  ])(
    'is not made by a process that stood still since its checkpoint %s: another may have sent it',
    async (_, sendWithinMs, stillMs) => {
      const now = Date.now.bind(Date);
      let offset = 0;
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + offset);
      const file = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
      const create: OutboxDefinition['create'] = (context) => {
        const engine = file.create(context);
        const start = engine.start.bind(engine);
        engine.start = (delivery) =>
          start({
            ...delivery,
            deliver: (job, signal, checkpoint) =>
              delivery.deliver(job, signal, {
                sendWithinMs,
                async save(progress) {
                  const isOurs = await checkpoint.save(progress);
                  offset = stillMs;
                  return isOurs;
                },
              }),
          });
        return engine;
      };
      try {
        sales = await Sales.start({}, { outbox: { ...file, create } });
        await sales.partnero.transactions.record(sale());
        expect(await sales.settled()).toEqual(['recorded']);
      } finally {
        clock.mockRestore();
      }
      expect(sales.fake.requestsTo('GET /transactions')).toHaveLength(2);
      expect(sales.sent).toBe(1);
    },
  );

  it('does not wait for what never left', async () => {
    sales = await Sales.start({}, { delivery: { ambiguousGraceMs: 60_000 } });
    sales.fake.misbehave({ type: 'status', status: 503 }, { on: 'GET /transactions', times: 2 });
    await sales.partnero.transactions.record(sale());
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.sent).toBe(1);
  });
});

describe('record() where nothing can be kept', () => {
  it.each([
    ['a disabled program', { enabled: false, apiKey: undefined }, /disabled by the option/],
    ['no API key', { apiKey: undefined }, /no API key/],
  ])('rejects: %s', async (_, options, why) => {
    sales = await Sales.start({}, options);
    for (const call of [
      sales.partnero.transactions.record(sale()),
      sales.partnero.transactions.refund('inv-1'),
      sales.partnero.customers.erase('user-42'),
    ]) {
      const error = await failure(call);
      expect(error).toMatchObject({ kind: 'outbox_unavailable', retryable: true });
      expect((error as Error).message).toMatch(why);
    }
  });
});
