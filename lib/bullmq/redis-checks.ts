import type { OutboxLog } from '../outbox/outbox.js';
import type { Linked } from './redis-link.js';

/** Says once, at boot, what this Redis would lose. What it doesn't tell can't be checked. */
export async function warnOfWhatRedisLoses(
  { client }: Linked,
  location: string,
  log: OutboxLog,
): Promise<void> {
  const losses = lossesOf(await client.info());
  if (losses.length === 0) return;
  log.warn(`Accepted jobs can be lost in ${location}: ${losses.join('; ')}.`);
}

/** From what the command INFO says. */
export function lossesOf(info: string): string[] {
  const losses: string[] = [];
  const policy = valueOf(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    losses.push(
      `maxmemory-policy is ${policy}: Redis throws keys away when its memory is full. ` +
        'Set it to noeviction; then it refuses writes instead, which is noticed',
    );
  }
  if (valueOf(info, 'aof_enabled') === '0') {
    losses.push(
      'appendonly is off: a Redis that ends unexpectedly forgets what came since its last snapshot. ' +
        'Set appendonly to yes',
    );
  }
  return losses;
}

function valueOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
