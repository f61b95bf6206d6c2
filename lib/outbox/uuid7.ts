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
  const sorted = time.toString(16).padStart(12, '0') + (0x7000 | counter).toString(16);
  const [, ...parts] =
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(sorted + random.toString('hex')) ?? [];
  return parts.join('-');
}
