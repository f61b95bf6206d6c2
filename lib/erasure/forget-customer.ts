import type { Forgotten } from '../outbox/history.js';
import type { OutboxEngine } from '../outbox/outbox-engine.js';
import { ERASURE } from './job-name.js';

/**
 * Erases a customer from an outbox, unless a deletion request for them has yet to reach Partnero: that
 * must not be dropped, and erases them from the outbox itself when it completes.
 */
export async function forgetCustomer(
  outbox: Pick<OutboxEngine, 'find' | 'forget'>,
  customerKey: string,
): Promise<Forgotten> {
  const unfinished = (await outbox.find(customerKey)).filter(({ state }) => state !== 'completed');
  const isErasing = unfinished.some(({ jobName }) => jobName === ERASURE);
  return isErasing ? { forgotten: 0, inFlight: unfinished.length } : outbox.forget(customerKey);
}
