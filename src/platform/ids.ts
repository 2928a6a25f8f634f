import { randomBytes } from 'node:crypto';
import { realNow } from './clock.js';

let lastMillisecond = 0;
let sequence = 0;
/** Randomness is fetched from the system for many ids at once: a fetch costs more than an id. */
let pool: Buffer = Buffer.alloc(0);
let used = 0;

/**
 * A UUIDv7 (RFC 9562): time first, so rows lie in the order in which they were made. Within one process ids only
 * grow: the 12 bits after the time count inside a millisecond.
 */
export function newId(): string {
  const now = realNow().getTime();
  if (now > lastMillisecond) {
    lastMillisecond = now;
    sequence = random(1)[0] ?? 0;
  } else if (++sequence > 0xfff) {
    lastMillisecond++;
    sequence = 0;
  }
  const bits = random(8);
  bits[0] = ((bits[0] ?? 0) & 0x3f) | 0x80;
  const time = lastMillisecond.toString(16).padStart(12, '0');
  const tail = bits.toString('hex');
  const count = sequence.toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

function random(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    pool = randomBytes(4_096);
    used = 0;
  }
  return pool.subarray(used, (used += bytes));
}
