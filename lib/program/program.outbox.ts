import { ObservedEngine, type JobFacts } from '../channels/observed-engine.js';
import type { RunInAppContext } from '../common/app-context.js';
import { maskKey } from '../common/mask-key.js';
import type { NewJob } from '../outbox/job.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';

/**
 * What the app does for a program. `delivers`: everything. `queues`: sign-ups are saved, but nothing is
 * sent, for want of an API key. `read_only`: the outbox is only read. `disabled`: there is no outbox.
 */
export type ProgramMode = 'delivers' | 'queues' | 'read_only' | 'disabled';

/** The outbox of a program, and what is done with it. */
export class ProgramOutbox {
  constructor(
    readonly mode: ProgramMode,
    /** `null` while disabled. */
    readonly engine: OutboxEngine | null,
  ) {}

  static async create(
    options: ResolvedOptions,
    inAppContext: RunInAppContext,
    log: OutboxLog,
  ): Promise<ProgramOutbox> {
    const mode = await findMode(options);
    if (mode === 'disabled') return new ProgramOutbox(mode, null);
    const { name: program, historyDays, acceptTimeoutMs, outbox } = options;
    const engine = outbox.create({ program, historyDays, acceptTimeoutMs, log });
    return new ProgramOutbox(mode, new ObservedEngine(engine, { program, factsOf, inAppContext }));
  }

  /** Where jobs are saved; `null` if they aren't. */
  get queue(): OutboxEngine | null {
    return this.mode === 'delivers' || this.mode === 'queues' ? this.engine : null;
  }
}

function factsOf({ name: jobName, orderingKey }: NewJob): JobFacts {
  return { jobName, customerKey: maskKey(orderingKey) };
}

/** Depends on whether there is a key, and on whether the outbox has jobs of this program already. */
async function findMode({ enabled, apiProgram, apiKey, outbox, name }: ResolvedOptions) {
  const off = enabled === false || apiProgram === 'newsletter';
  if (apiKey && !off) return 'delivers';
  // A lost environment variable must not lose commissions.
  const exists = await outbox.exists(name).catch(() => true);
  if (!exists) return 'disabled';
  return off ? 'read_only' : 'queues';
}
