import { isDeepStrictEqual } from 'node:util';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { bootLine, type BootedOutbox } from './boot-line.js';
import { errorMessage } from '../common/error-message.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { ProgramDelivery } from './program.delivery.js';
import type { ProgramOutbox } from './program.outbox.js';
import type { ReferralCapture } from '../referral/capture/referral-capture.js';
import { within } from '../common/within.js';

/** How long shutdown may take: to finish deliveries, to count what stays, to close the outbox. */
const DRAIN_MS = 5_000;
const STATS_MS = 500;
const CLOSE_MS = 3_000;
/** How long the boot line waits for the outbox. */
const BOOT_STATS_MS = 1_000;

/** Starts and stops a program with the app. */
export class PartneroLifecycle
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  private isUp = false;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly outbox: ProgramOutbox,
    private readonly delivery: ProgramDelivery | null,
    private readonly capture: ReferralCapture,
    private readonly client: PartneroApiClient,
    private readonly log: OutboxLog,
  ) {}

  get name(): string {
    return this.options.name;
  }

  /** Whether both deliver the same jobs to the same program. */
  isSameProgramAs(other: PartneroLifecycle): boolean {
    const [one, two] = [this, other].map(({ options, outbox: { engine, mode } }) => [
      options.apiKey?.reveal(),
      options.baseUrl,
      options.program,
      engine?.location,
      mode,
    ]);
    return isDeepStrictEqual(one, two);
  }

  async onModuleInit(): Promise<void> {
    await this.outbox.engine?.open();
    this.isUp = true;
    this.delivery?.opened();
    if (this.options.verifyOnBoot === 'fail') await this.verifyOrFail();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { options, outbox, capture, log } = this;
    bootLine(options, outbox.mode, capture.isInUse, await this.bootedOutbox(), log);
    this.delivery?.start();
  }

  /** Waits for nothing, so that several programs drain at the same time: Nest calls one after the other. */
  onModuleDestroy(): void {
    this.draining = this.delivery?.drain(DRAIN_MS);
    this.draining?.catch(() => {});
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.quietly(async () => {
      await this.draining;
      if (this.outbox.queue && this.isUp) await within(STATS_MS, this.logPending());
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.isUp = false;
    await this.quietly(async () => {
      await within(CLOSE_MS, this.outbox.engine?.close() ?? Promise.resolve());
      this.client.close();
    });
  }

  private async verifyOrFail(): Promise<void> {
    const answer = await this.delivery?.verify();
    if (answer?.type !== 'rejected') return;
    throw new PartneroConfigurationError(
      `Partnero rejects the API key (${answer.error.status}): check PARTNERO_API_KEY, or the apiKey ` +
        "option. The app doesn't start because verifyOnBoot is 'fail'.",
    );
  }

  private async bootedOutbox(): Promise<BootedOutbox | null> {
    const { engine } = this.outbox;
    if (!engine) return null;
    const { location } = engine;
    try {
      const stats = await within(BOOT_STATS_MS, engine.stats());
      return { location, problem: stats ? stats.storage.problem : 'it does not respond.' };
    } catch (error) {
      return { location, problem: errorMessage(error) };
    }
  }

  private async logPending(): Promise<void> {
    const { pending, location } = await this.outbox.engine!.stats();
    if (pending > 0) this.log.log(`${pending} pending deliveries stay in ${location}.`);
  }

  /** Another module's shutdown must not fail because of ours. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.error(`Shutting down: ${errorMessage(error)}`);
    }
  }
}
