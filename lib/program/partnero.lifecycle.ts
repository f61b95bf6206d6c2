import { isDeepStrictEqual } from 'node:util';
import type { OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { errorMessage } from '../common/error-message.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { within } from '../common/within.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { ReferralCapture } from '../referral/capture/referral-capture.js';
import { bootLine, type BootedOutbox } from './boot-line.js';
import { OutboxLifecycle } from './outbox.lifecycle.js';
import type { ProgramDelivery } from './program.delivery.js';
import type { ProgramOutbox } from './program.outbox.js';

/** How long the boot line waits for the outbox. */
const BOOT_STATS_MS = 1_000;

/** Starts and stops a program with the app. */
export class PartneroLifecycle
  extends OutboxLifecycle
  implements OnModuleInit, OnApplicationBootstrap
{
  constructor(
    private readonly options: ResolvedOptions,
    private readonly outbox: ProgramOutbox,
    private readonly delivery: ProgramDelivery | null,
    private readonly capture: ReferralCapture,
    private readonly client: PartneroApiClient,
    log: OutboxLog,
  ) {
    super(log, 'deliveries');
  }

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
    await this.open();
    this.delivery?.opened();
    if (this.options.verifyOnBoot === 'fail') await this.verifyOrFail();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { options, outbox, capture, log } = this;
    bootLine(options, outbox.mode, capture.isInUse, await this.bootedOutbox(), log);
    this.delivery?.start();
  }

  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    this.client.close();
  }

  protected get engine(): OutboxEngine | null {
    return this.outbox.engine;
  }

  protected drain(capMs: number): Promise<void> | undefined {
    return this.delivery?.drain(capMs);
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
}
