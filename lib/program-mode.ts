import type { ResolvedOptions } from './partnero.options.js';

/**
 * What the app does for a program. `delivers`: everything. `queues`: sign-ups are saved, but nothing is
 * sent, for want of an API key. `read_only`: the outbox is only read. `disabled`: there is no outbox.
 */
export type ProgramMode = 'delivers' | 'queues' | 'read_only' | 'disabled';

/** Depends on whether there is a key, and on whether the outbox has jobs of this program already. */
export async function findMode(options: ResolvedOptions): Promise<ProgramMode> {
  const off = options.enabled === false || options.apiProgram === 'newsletter';
  if (options.apiKey && !off) return 'delivers';
  // A lost environment variable must not lose commissions.
  const exists = await options.outbox.exists(options.name).catch(() => true);
  if (!exists) return 'disabled';
  return off ? 'read_only' : 'queues';
}
