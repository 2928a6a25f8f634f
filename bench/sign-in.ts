import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { hash, verify } from '@node-rs/argon2';
import pg from 'pg';
import { Agent, fetch } from 'undici';
import { startEmbeddedPostgres } from '../src/platform/start/embedded-postgres.js';
import { Mailbox } from './mailbox.js';
import { processorTime } from './processor.js';
import { type Running, startProduct } from './processes.js';

/*
 * `node src/platform/start/run.mjs bench/sign-in.js [--seconds 8] [--people 16]`
 *
 * 1. How many people sign in per second, as a share of what argon2id alone does on the same cores in the same minutes.
 * 2. Whether the time of a refusal tells if an address has an account.
 *
 * It starts a store of its own, on a database of its own. The hash alone is measured in this process while the store has
 * nothing to do, before each round and after the last.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    /** At once, each with an account. */
    people: { type: 'string', default: '16' },
    /** Refusals of each kind. */
    refusals: { type: 'string', default: '500' },
    'node-options': { type: 'string', default: '' },
    /** Of the store: `--settings HASH_CONCURRENCY=2`. */
    settings: { type: 'string', multiple: true },
  },
});
const SECONDS = Number(values.seconds);
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
const PASSWORD = 'four random words are good';
/** Failed tries of one address that are answered without a wait. */
const FREE = 4;

const agent = new Agent({ connections: 64 });
const folder = mkdtempSync(path.join(tmpdir(), 'guildhall-bench-'));
const database = await startEmbeddedPostgres({ dataDir: folder });
// A name of its own: processor time is found by it, and other servers of the machine have a `postgres` too.
const address = new URL(database.url());
const client = new pg.Client({ connectionString: address.href });
await client.connect();
await client.query(`CREATE DATABASE guildhall_bench_${process.pid}`);
await client.end();
address.pathname = `/guildhall_bench_${process.pid}`;
const shop = await startProduct(
  {
    DATABASE_URL: address.href,
    DATA_DIR: folder,
    TRUSTED_PROXIES: '127.0.0.1',
    MAILS_PER_NETWORK: '1000000',
    ...Object.fromEntries((values.settings ?? []).map((one) => one.split('=', 2) as [string, string])),
  },
  values['node-options'].split(' ').filter(Boolean),
);
try {
  const people = Math.max(Number(values.people), Math.ceil(Number(values.refusals) / FREE));
  const emails = await register(people);
  await throughput(emails.slice(0, Number(values.people)));
  await refusals(emails);
} finally {
  await shop.stop();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function post(where: string, body: object, from = 0): Promise<{ status: number; text: string }> {
  const answer = await fetch(shop.url + where, {
    method: 'POST',
    dispatcher: agent,
    headers: {
      'content-type': 'application/json',
      // Each from a network of its own, so that none is stopped for what the others did.
      'x-forwarded-for': `10.${(from >> 16) & 255}.${(from >> 8) & 255}.${from & 255}`,
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Verified accounts; their addresses. */
async function register(count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, (_, index) => `person-${index}-of-bench@example.com`);
  for (const [index, email] of emails.entries()) {
    const { status, text } = await post('/v1/auth/register', { email, password: PASSWORD }, index);
    if (status !== 202) throw new Error(text);
  }
  for (const email of emails) {
    const mailbox = new Mailbox(path.join(folder, 'mail'), email);
    const letter = await mailbox.letter(/token=([\w-]+)/, 60_000);
    const { status, text } = await post('/v1/auth/email/verify', { token: letter?.[1] });
    if (status !== 204) throw new Error(text);
  }
  return emails;
}

interface Found {
  perSecond: number;
  /** Processor time for one, in milliseconds: in the store, its database and this process. Others hardly change it. */
  store: number;
  database: number;
  here: number;
}

/** Keeps so many of them going; the first second is warm-up and does not count. */
async function measure(at: number, work: (index: number) => Promise<void>): Promise<Found> {
  let [counted, done] = [0, 0];
  const spent = () => {
    const { user, system } = process.cpuUsage();
    return { ...processorTime(shop.pid, address.href), here: (user + system) / 1_000 };
  };
  const before = spent();
  const counting = performance.now() + 1_000;
  const end = counting + SECONDS * 1_000;
  const one = async (_: unknown, index: number) => {
    while (performance.now() < end) {
      await work(index);
      done++;
      const now = performance.now();
      if (now >= counting && now < end) counted++;
    }
  };
  await Promise.all(Array.from({ length: at }, one));
  const after = spent();
  return {
    perSecond: counted / SECONDS,
    store: (after.process - before.process) / done,
    database: (after.database - before.database) / done,
    here: (after.here - before.here) / done,
  };
}

async function throughput(emails: string[]): Promise<void> {
  const cores = availableParallelism();
  const known = await hash(PASSWORD, PARAMETERS);
  const hashes = () => measure(cores, async () => void (await verify(known, PASSWORD)));
  const signIns = () =>
    measure(emails.length, async (index) => {
      const { status, text } = await post('/v1/auth/login', { email: emails[index], password: PASSWORD });
      if (status !== 200) throw new Error(`${status} ${text}`);
    });
  const [alone, found]: [Found[], Found[]] = [[await hashes()], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    found.push(await signIns());
    alone.push(await hashes());
  }
  const of = (list: Found[], what: keyof Found) => mean(list.map((each) => each[what]));
  const rate = (list: Found[]) =>
    `${of(list, 'perSecond').toFixed(1)}/s (${list.map(({ perSecond }) => perSecond.toFixed(1)).join(', ')})`;
  const hashing = of(alone, 'here');
  const [store, server, here] = [of(found, 'store'), of(found, 'database'), of(found, 'here')];
  const [share, cost] = [of(found, 'perSecond') / of(alone, 'perSecond'), hashing / (store + server + here)];
  console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `argon2id alone, ${cores} at a time: ${rate(alone)}, ${hashing.toFixed(1)} ms of processor each`,
  );
  console.log(`sign-ins, ${emails.length} at a time: ${rate(found)}, ${percent(share)} of argon2id alone`);
  console.log(
    `  ${store.toFixed(1)} ms of processor each in the store, ${server.toFixed(1)} in its database, ${here.toFixed(1)} in this program: ` +
      `argon2id is ${percent(cost)} of all and ${percent(hashing / (store + server))} without this program`,
  );
  console.log(`the store at its largest: ${peakMemory(shop)}`);
}

/** Wrong passwords one after the other, for an address with an account and for one without in turn. */
async function refusals(emails: string[]): Promise<void> {
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const refuse = async (email: string, from: number): Promise<number> => {
    const started = performance.now();
    const { status, text } = await post(
      '/v1/auth/login',
      { email, password: 'nobody has this password' },
      from,
    );
    if (status !== 401) throw new Error(`${status} ${text}`);
    return performance.now() - started;
  };
  for (let index = 0; index < Number(values.refusals); index++) {
    const person = emails[Math.floor(index / FREE)] ?? '';
    const stranger = `person-${Math.floor(index / FREE)}-of-nowhere@example.com`;
    // Which comes first changes, so that neither has the other's wake for itself.
    const turns = index % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of turns)
      times[kind].push(
        await refuse(kind === 'known' ? person : stranger, 1_000 + index * 2 + +(kind === 'known')),
      );
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  console.log(
    `refusals, ${times.known.length} of each kind in turn: median ${known.toFixed(2)} ms for an address with an account, ` +
      `${unknown.toFixed(2)} ms for one without, difference ${(known - unknown).toFixed(2)} ms`,
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function mean(list: number[]): number {
  return list.reduce((sum, each) => sum + each, 0) / list.length;
}

function median(list: number[]): number {
  return list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
}

/** Where the system tells it (Linux). */
function peakMemory({ pid }: Running): string {
  try {
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    return `${Math.round(kilobytes / 1_024)} MiB`;
  } catch {
    return 'not told by this system';
  }
}
