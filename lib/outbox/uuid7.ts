import { randomUUID } from 'node:crypto';

const COUNTER_LIMIT = 0x1000;
let time = 0;
let counter = 0;

/**
 * Makes a UUID of version 7 (RFC 9562). Those of one process sort in the order in which they were made,
 * even within a millisecond or after the clock was set back.
 *
 * @param now milliseconds since the epoch
 */
export function uuid7(now = Date.now()): string {
  const ms = Math.trunc(now);
  if (ms > time) [time, counter] = [ms, 0];
  else counter += 1;
  if (counter === COUNTER_LIMIT) [time, counter] = [time + 1, 0];
  const stamp = time.toString(16).padStart(12, '0');
  const version = (0x7000 | counter).toString(16);
  // From the variant on, versions 4 and 7 are alike: random.
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-${version}-${randomUUID().slice(19)}`;
}
