import { randomBytes } from 'node:crypto';

const SEQUENCES = 0x1000;
let lastTime = 0;
let sequence = 0;

/**
 * A UUID of version 7: no other machine makes the same, and those of one process sort by the order
 * in which they were made.
 */
export function newJobId(now = Date.now()): string {
  if (now > lastTime) {
    lastTime = now;
    sequence = 0;
  } else {
    sequence += 1;
    // So many in one millisecond, or a clock that was set back: the order counts for more.
    if (sequence === SEQUENCES) {
      lastTime += 1;
      sequence = 0;
    }
  }
  const time = lastTime.toString(16).padStart(12, '0');
  const order = sequence.toString(16).padStart(3, '0');
  const random = randomBytes(8);
  random[0] = 0x80 | (random[0]! & 0x3f);
  const rest = random.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}
