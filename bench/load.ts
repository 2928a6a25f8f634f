import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './scenarios.js';
import { Shopper } from './shopper.js';

/** What one run of the driver found. Times in milliseconds. */
export interface Measurement {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** How much was done, the warm-up included: what processor time is shared out over. */
  done: number;
  /** How often which status came. */
  statuses: Record<string, number>;
  /** The first answer that was not meant to come. */
  complaint: string | null;
}

/*
 * A closed loop: each connection asks again as soon as it is answered. In a process of its own, so that it competes
 * with what it measures only for the processor: `node dist/bench/load.js --base URL --work list --seconds 8`.
 */
const { values } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:3000' },
    work: { type: 'string', default: 'list' },
    connections: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '8' },
    warmup: { type: 'string', default: '3' },
    /** How many list pages to know. */
    pages: { type: 'string', default: '20' },
    /** So many a second in all, instead of as many as possible. */
    rate: { type: 'string' },
    /** Do this many, one after the other, instead of as many as possible for some seconds. */
    times: { type: 'string' },
  },
});
const work = values.work as Scenario['work'];
const shopper = new Shopper(values.base, Number(values.connections) + 4);
await shopper.lookAround(Number(values.pages));
let counting = false;
let over = values.times !== undefined;
const times: number[] = [];
let done = 0;
const statuses: Record<string, number> = {};
let complaint: string | null = null;
if (values.times !== undefined) for (let n = 0; n < Number(values.times); n++) await once();

/** Milliseconds from one piece of work to the next of the same connection. */
const pace = values.rate === undefined ? 0 : (1_000 * Number(values.connections)) / Number(values.rate);
const loops = Array.from({ length: over ? 0 : Number(values.connections) }, async () => {
  while (!over) {
    const begun = performance.now();
    await once();
    if (pace > 0) await sleep(Math.max(0, pace - (performance.now() - begun)));
  }
});
if (!over) await sleep(Number(values.warmup) * 1_000);
counting = true;
const begin = performance.now();
if (!over) await sleep(Number(values.seconds) * 1_000);
over = true;
const took = (performance.now() - begin) / 1_000;
counting = false;
await Promise.all(loops);

times.sort((a, b) => a - b);
const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
const measurement: Measurement = {
  perSecond: times.length / took,
  p50: percentile(0.5),
  p95: percentile(0.95),
  p99: percentile(0.99),
  done,
  statuses,
  complaint,
};
console.log(JSON.stringify(measurement));
process.exit(0);

async function once(): Promise<void> {
  const begun = performance.now();
  const { status, text } = await shopper.do(work);
  const expected = status < 400 && status !== 202;
  if (!expected) complaint ??= `${status} ${text.slice(0, 300)}`;
  done++;
  if (!counting) return;
  times.push(performance.now() - begun);
  statuses[status] = (statuses[status] ?? 0) + 1;
}
