import { randomBytes } from 'node:crypto';

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
  const random = randomBytes(8);
  // The variant of RFC 9562.
  random.writeUInt8((random.readUInt8(0) & 0x3f) | 0x80, 0);
  return format(time, 0x7000 | counter, random.toString('hex'));
}

/** Less than every id made at or after `ms`, and greater than every id made before. */
export function uuid7Before(ms: number): string {
  return format(Math.max(0, Math.trunc(ms)), 0, '0'.repeat(16));
}

function format(ms: number, versionAndCounter: number, rest: string): string {
  const hex = ms.toString(16).padStart(12, '0') + versionAndCounter.toString(16).padStart(4, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12), rest.slice(0, 4), rest.slice(4)].join(
    '-',
  );
}
