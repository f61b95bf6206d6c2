import {
  PartneroService,
  sqliteOutbox,
  type Outcome,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { closeApps, partnero, startApp, type RunningApp } from './app.js';
import { eventually } from './eventually.js';
import {
  FullFakePartnero,
  type FullFakePartneroOptions,
} from './fake-partnero/full-fake-partnero.js';
import { temporaryFolder } from './temporary-folder.js';

/** Long enough to be seen, short enough to wait for. */
export const GRACE_MS = 150;

/** A program with partner `ann` and her customer `user-42`, and an app on it. */
export class Sales {
  readonly outcomes: Outcome[] = [];
  running!: RunningApp;
  private readonly path = `${temporaryFolder()}/outbox.db`;

  private constructor(readonly fake: FullFakePartnero) {}

  static async start(
    fake: FullFakePartneroOptions = {},
    options: PartneroModuleOptions = {},
  ): Promise<Sales> {
    const sales = new Sales(await FullFakePartnero.start({ partners: ['ann'], ...fake }));
    const [ann] = sales.fake.partners;
    sales.fake.addCustomer({ key: 'user-42', partner: ann ?? null });
    await sales.startApp(options);
    return sales;
  }

  /** An app on the same file, or on another. */
  async startApp(options: PartneroModuleOptions = {}, path = this.path): Promise<PartneroService> {
    this.running = await startApp({
      imports: [
        partnero(this.fake, {
          outbox: sqliteOutbox({ path }),
          onOutcome: (outcome) => this.outcomes.push(outcome),
          ...options,
          delivery: { ambiguousGraceMs: GRACE_MS, ...options.delivery },
        }),
      ],
    });
    return this.partnero;
  }

  get partnero(): PartneroService {
    return this.running.app.get(PartneroService);
  }

  /** How often a sale was sent. */
  get sent(): number {
    return this.fake.requestsTo('POST /transactions').length;
  }

  /** Waits until nothing is pending, and returns the outcomes of a kind. */
  async settled(name = 'transaction'): Promise<string[]> {
    await eventually(async () => (await this.partnero.outbox.stats()).pending === 0, 30_000);
    const of = () => this.outcomes.filter((each) => each.jobName === name);
    const { jobs } = await this.partnero.outbox.stats();
    const { queued = 0 } = jobs[name] ?? {};
    await eventually(() => of().length >= queued || queued > 50);
    return of().map(({ outcome }) => outcome);
  }

  async end(): Promise<void> {
    await closeApps();
    await this.fake.stop();
  }
}
