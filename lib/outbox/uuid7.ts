import { randomBytes } from 'node:crypto';

const MAX_COUNT = 0xfff;

let lastMs = 0;
let count = 0;

/** A UUIDv7 (RFC 9562): sorts by the time at which this process made it, also within a millisecond. */
export function uuid7(now = Date.now()): string {
  count = now > lastMs ? 0 : count + 1;
  lastMs = Math.max(lastMs, now);
  if (count > MAX_COUNT) {
    lastMs += 1;
    count = 0;
  }
  const time = Math.floor(lastMs).toString(16).padStart(12, '0');
  const random = randomBytes(8);
  random[0] = (random[0]! & 0x3f) | 0x80;
  const rest = random.toString('hex');
  const version = (0x7000 | count).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}
