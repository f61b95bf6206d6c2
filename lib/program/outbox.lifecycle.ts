import type {
  BeforeApplicationShutdown,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { errorMessage } from '../common/error-message.js';
import { within } from '../common/within.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';

/** How long shutdown may take: to finish deliveries, to count what stays, to close the outbox. */
const DRAIN_MS = 5_000;
const STATS_MS = 500;
const CLOSE_MS = 3_000;

/** Opens an outbox, and ends it with the app. Another module's shutdown never fails because of ours. */
export abstract class OutboxLifecycle
  implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  private isOpen = false;
  private draining: Promise<void> | undefined;

  protected constructor(
    protected readonly log: OutboxLog,
    /** What its jobs are, for log lines. */
    private readonly jobs: string,
  ) {}

  /** `null` if there is none. */
  protected abstract get engine(): OutboxEngine | null;
  protected abstract drain(capMs: number): Promise<void> | undefined;

  /** @throws PartneroConfigurationError if the outbox can't be used as configured */
  protected async open(): Promise<void> {
    await this.engine?.open();
    this.isOpen = true;
  }

  /** Waits for nothing, so that all outboxes drain at the same time: Nest calls one after the other. */
  onModuleDestroy(): void {
    this.draining = this.drain(DRAIN_MS);
    this.draining?.catch(() => {});
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      await this.draining;
      if (this.engine && this.isOpen) await within(STATS_MS, this.logPending(this.engine));
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isOpen = false;
    await this.quietly(async () => {
      if (this.engine) await within(CLOSE_MS, this.engine.close());
    });
  }

  private async logPending(engine: OutboxEngine): Promise<void> {
    const { pending, location } = await engine.stats();
    if (pending > 0) this.log.log(`${pending} pending ${this.jobs} stay in ${location}.`);
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.error(`Shutting down: ${errorMessage(error)}`);
    }
  }
}
