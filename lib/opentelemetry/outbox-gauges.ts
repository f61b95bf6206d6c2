import type { Attributes, BatchObservableCallback, Meter } from '@opentelemetry/api';
import { within } from '../common/within.js';
import type { PauseReason } from '../outbox/delivery.js';
import type { OutboxStats } from '../outbox/history.js';
import type { PartneroService } from '../partnero.service.js';
import { BOX, OUTCOME, PROGRAM, REASON } from './attributes.js';

/** How long an outbox may take to respond. */
const STATS_MS = 1_000;
const REASONS: Readonly<Record<PauseReason, true>> = {
  rate_limited: true,
  unauthorized: true,
  unreachable: true,
  no_key: true,
  unverified_key: true,
  wrong_program: true,
  queue_paused: true,
};

/** A program of the app, by its name. */
export interface NamedProgram {
  readonly name: string;
  readonly service: PartneroService;
}

/** Reports what `stats()` of the programs says whenever metrics are read. Returns what stops it. */
export function gaugeOutboxes(meter: Meter, programs: readonly NamedProgram[]): () => void {
  const gauge = (name: string, description: string, unit = '') =>
    meter.createObservableGauge(name, { description, unit });
  const pending = gauge('partnero.jobs.pending', 'Jobs that have yet to be delivered');
  const age = gauge('partnero.jobs.oldest_age', 'Age of the oldest pending job', 's');
  const dead = gauge('partnero.jobs.dead', 'Dead letters');
  const paused = gauge('partnero.delivery.paused', '1: nothing is sent just now, for this reason');
  const writable = gauge('partnero.outbox.writable', '0: jobs can not be saved just now');
  const notQueued = meter.createObservableCounter('partnero.sign_ups.not_queued', {
    description: 'Sign-ups that were not queued, by outcome',
  });

  const observe: BatchObservableCallback = async (result) => {
    const observeBox = (stats: OutboxStats | undefined, attributes: Attributes) => {
      result.observe(writable, stats?.storage.ok ? 1 : 0, attributes);
      if (!stats) return;
      const { oldestPendingAt } = stats;
      const ageMs = oldestPendingAt ? Date.now() - oldestPendingAt.getTime() : 0;
      result.observe(pending, stats.pending, attributes);
      result.observe(age, Math.max(0, ageMs) / 1_000, attributes);
      result.observe(dead, stats.dead, attributes);
    };
    const observeProgram = async ({ name, service }: NamedProgram) => {
      const program = { [PROGRAM]: name };
      const [stats, inbox] = await Promise.all([
        inTime(service.outbox.stats()),
        inTime(service.webhooks.inbox.stats()),
      ]);
      observeBox(stats, { ...program, [BOX]: 'outbox' });
      observeBox(inbox, { ...program, [BOX]: 'inbox' });
      if (!stats) return;
      // Each reason, since a value that isn't reported any more would stay.
      for (const reason of Object.keys(REASONS)) {
        const isPaused = stats.paused?.reason === reason;
        result.observe(paused, isPaused ? 1 : 0, { ...program, [REASON]: reason });
      }
      for (const [outcome, n] of Object.entries(stats.notAccepted)) {
        result.observe(notQueued, n, { ...program, [OUTCOME]: outcome });
      }
    };
    await Promise.all(programs.map(observeProgram));
  };
  const all = [pending, age, dead, paused, writable, notQueued];
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

function inTime<T>(stats: Promise<T>): Promise<T | undefined> {
  return within(STATS_MS, stats).catch(() => undefined);
}
