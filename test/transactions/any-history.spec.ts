import fc from 'fast-check';
import { PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { FakePartnero, type FakeFault } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterEach(closeApps);
afterAll(removeTemporaryFolders);

const GRACE_MS = 150;
const AMOUNTS = ['10.00', '20.00'] as const;
/** What may happen to the next sending of a sale, or to the next deletion of one. */
const TROUBLES: readonly FakeFault[] = [
  { type: 'reset_after' },
  { type: 'reset_before' },
  { type: 'reset_before_late_write', afterMs: GRACE_MS / 3 },
  { type: 'status', status: 500, writes: true },
  { type: 'status', status: 503 },
  { type: 'rate_limit', retryAfter: 0 },
  { type: 'empty' },
];

type Operation =
  | { do: 'record'; by: number; key: number; amount: number }
  | { do: 'refund'; by: number; key: number }
  | { do: 'trouble'; what: number; on: string }
  | { do: 'restart'; by: number }
  | { do: 'settle' };

const app = fc.nat({ max: 1 });
const key = fc.nat({ max: 2 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      by: app,
      key,
      amount: fc.nat({ max: AMOUNTS.length - 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), by: app, key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      what: fc.nat({ max: TROUBLES.length - 1 }),
      on: fc.oneof(
        fc.constant('POST /transactions'),
        key.map((of) => `DELETE /transactions/inv-${of}`),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), by: app }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);

/** Two apps on one file, a Partnero that keeps two sales of one key, and what it must come to. */
class History {
  private readonly apps: RunningApp[] = [];
  /** Of each key: what was said of it, in order. */
  private readonly said = new Map<string, string[]>();
  private readonly path = `${temporaryFolder()}/outbox.db`;

  private constructor(readonly fake: FakePartnero) {}

  static async start(): Promise<History> {
    const history = new History(await FakePartnero.start({ partners: ['ann'] }));
    const [ann] = history.fake.partners;
    history.fake.addCustomer({ key: 'user-42', partner: ann ?? null });
    for (const by of [0, 1]) await history.startApp(by);
    return history;
  }

  async run(step: Operation): Promise<void> {
    switch (step.do) {
      case 'record': {
        const amount = AMOUNTS[step.amount]!;
        this.note(step.key, amount);
        await this.sales(step.by).record({
          key: `inv-${step.key}`,
          customer: { key: 'user-42' },
          amount: { amount, currency: 'USD' },
        });
        break;
      }
      case 'refund':
        this.note(step.key, 'refund');
        await this.sales(step.by).refund(`inv-${step.key}`);
        break;
      case 'trouble':
        this.fake.misbehave(TROUBLES[step.what]!, { on: step.on, times: 1 });
        break;
      case 'restart':
        await this.apps[step.by]!.close();
        await this.startApp(step.by);
        break;
      case 'settle':
        await this.settled();
    }
    this.check();
  }

  async finish(): Promise<void> {
    this.fake.heal();
    await this.settled();
    this.check();
    const expected = [...this.said].flatMap(([of, all]) =>
      all.includes('refund') ? [] : [`${of} ${all[0]!}`],
    );
    expect(this.found().toSorted()).toEqual(expected.toSorted());
    const { jobs } = await this.outbox.stats();
    for (const { queued, pending, dead, outcomes } of Object.values(jobs)) {
      const ended = Object.values(outcomes).reduce((sum, n) => sum + n, 0);
      expect([pending, dead, ended]).toEqual([0, 0, queued]);
    }
  }

  async end(): Promise<void> {
    for (const { close } of this.apps) await close();
    await this.fake.stop();
  }

  /** No sale is there twice, at any time. */
  private check(): void {
    const keys = this.fake.transactions.map((each) => each.key);
    expect(keys).toHaveLength(new Set(keys).size);
  }

  private found(): string[] {
    return this.fake.transactions.map((each) => `${each.key} ${Number(each.amount).toFixed(2)}`);
  }

  private note(of: number, what: string): void {
    const name = `inv-${of}`;
    this.said.set(name, [...(this.said.get(name) ?? []), what]);
  }

  private settled(): Promise<unknown> {
    return eventually(async () => (await this.outbox.stats()).pending === 0, 30_000);
  }

  private get outbox() {
    return this.apps[0]!.app.get(PartneroService).outbox;
  }

  private sales(by: number) {
    return this.apps[by]!.app.get(PartneroService).transactions;
  }

  private async startApp(by: number): Promise<void> {
    this.apps[by] = await startApp({
      imports: [
        partnero(this.fake, {
          outbox: sqliteOutbox({ path: this.path }),
          delivery: { ambiguousGraceMs: GRACE_MS, initialBackoffMs: 10, maxBackoffMs: 50 },
        }),
      ],
    });
  }
}

describe('any history of sales and refunds', () => {
  it('comes to each sale at Partnero once, unless it was refunded', async () => {
    const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 10);
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 14 }), async (steps) => {
        const history = await History.start();
        try {
          for (const step of steps) await history.run(step);
          await history.finish();
        } finally {
          await history.end();
        }
      }),
      { numRuns, endOnFailure: true },
    );
  }, 3_600_000);
});
