import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { fetch } from 'undici';

/**
 * How many people can sign in per second, and how much of that is argon2id itself:
 *
 *     node dist/bench/sign-in.js <http://127.0.0.1:3000> <address> <password> [seconds]
 *
 * The hash alone is measured first and in this process, while the server has nothing to do.
 */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;

interface Outcome {
  perSecond: number;
  p50: number;
  p95: number;
  /** All that were done, those of the warm-up included. */
  done: number;
}

/** Keeps `concurrency` of them going for a while; the first second is warm-up and does not count. */
async function measure(work: () => Promise<void>, concurrency: number, seconds: number): Promise<Outcome> {
  const times: number[] = [];
  let done = 0;
  const started = performance.now();
  const counting = started + 1_000;
  const end = counting + seconds * 1_000;
  const one = async () => {
    for (let begun = performance.now(); begun < end; begun = performance.now()) {
      await work();
      done++;
      if (begun >= counting) times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  const elapsed = (performance.now() - counting) / 1_000;
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: times.length / elapsed, p50: quantile(0.5), p95: quantile(0.95), done };
}

const row = (name: string, { perSecond, p50, p95 }: Outcome) =>
  `${name.padEnd(34)} ${perSecond.toFixed(1).padStart(7)}/s   p50 ${p50.toFixed(1)} ms   p95 ${p95.toFixed(1)} ms`;

/** One number of the server's metrics; NaN when it does not show them. */
async function metric(shop: string, name: string): Promise<number> {
  const text = await (await fetch(`${shop}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? NaN);
}

/** Resident memory of the server. */
const memory = async (shop: string): Promise<string> =>
  `${Math.round((await metric(shop, 'process_resident_memory_bytes')) / 1_048_576)} MiB`;

/** Milliseconds of processor time per piece of work: other programs on the machine hardly change it. */
const cpuOf = (spentSeconds: number, pieces: number): string =>
  `${((spentSeconds * 1_000) / pieces).toFixed(1)} ms`;

async function signInBench(shop: string, email: string, password: string, seconds: number): Promise<void> {
  const cores = availableParallelism();
  const known = await hash('four random words are good', PARAMETERS);
  const idle = process.cpuUsage();
  const alone = await measure(
    async () => void (await verify(known, 'four random words are good')),
    cores,
    seconds,
  );
  const { user, system } = process.cpuUsage(idle);
  const hashing = cpuOf((user + system) / 1_000_000, alone.done);
  console.log(`${row(`argon2id alone, ${cores} at a time`, alone)}   ${hashing} of processor each`);
  const before = await memory(shop);
  // An attempt counts as failed until it is known to be right, and five of one account are free: so four at the most.
  for (const concurrency of new Set([1, Math.min(cores, 4), 4])) {
    const spent = await metric(shop, 'process_cpu_seconds_total');
    const signIns = await measure(() => signIn(shop, email, password), concurrency, seconds);
    const share = Math.round((signIns.perSecond / alone.perSecond) * 100);
    const each = cpuOf((await metric(shop, 'process_cpu_seconds_total')) - spent, signIns.done);
    console.log(
      `${row(`sign-ins, ${concurrency} at a time`, signIns)}   ${share} % of argon2id alone   ${each} of processor each in the server`,
    );
  }
  console.log(`memory of the server: ${before} before, ${await memory(shop)} after`);
}

async function signIn(shop: string, email: string, password: string): Promise<void> {
  const answer = await fetch(`${shop}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
}

const [, , shop, email, password, seconds = '5'] = process.argv;
if (shop && email && password) await signInBench(shop.replace(/\/$/, ''), email, password, Number(seconds));
else {
  console.error('node dist/bench/sign-in.js <http://127.0.0.1:3000> <address> <password> [seconds]');
  process.exitCode = 1;
}
