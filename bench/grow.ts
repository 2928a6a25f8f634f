import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { fetch } from 'undici';
import { migrations } from '../migrations/index.js';
import { loadConfig } from '../src/platform/config.js';
import { migrate } from '../src/platform/database/migrate.js';
import { sameAsMade } from './grow-check.js';
import { explain } from './grow-explain.js';
import { fillCatalog } from './grow-catalog.js';
import { type Question, QUESTIONS } from './grow-questions.js';
import { type Running, startProduct } from './processes.js';
import { databaseServer } from './stage.js';

/*
 * Does the shop stay quick when its catalog grows? Fills two catalogs, asks both the same over HTTP, turn by turn, and
 * says how the second compares: `npm run bench:grow -- --small 10000 --large 1000000 --times 200`.
 */
const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '10000' },
    large: { type: 'string', default: '1000000' },
    /** Requests of each kind and size. */
    times: { type: 'string', default: '120' },
    /** Only rows whose title has this. */
    only: { type: 'string', default: '' },
    /** Shows the plans of so many of the slowest. */
    plans: { type: 'string', default: '3' },
    /** Leaves the catalogs in .data/grow and begins with them the next time. */
    keep: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => console.log(line);
const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  shared_preload_libraries: 'pg_stat_statements',
};
/** Bytes on disk per product at the most, with what the server writes on the way. */
const PER_PRODUCT = 14_000;

interface Side {
  products: number;
  database: string;
  shop: Running;
}
interface Row {
  question: Question;
  small: number[];
  large: number[];
}

const folder = values.keep ? path.resolve('.data/grow') : mkdtempSync(path.join(tmpdir(), 'guildhall-grow-'));
if (values.keep) mkdirSync(folder, { recursive: true });
const closing: (() => Promise<void> | void)[] = values.keep
  ? []
  : [() => rmSync(folder, { recursive: true, force: true })];
let failed = false;
const close = async (): Promise<void> => {
  for (const each of closing.splice(0).reverse()) await each();
};
process.once('SIGINT', () => void close().finally(() => process.exit(130)));
try {
  await run();
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await close();
}
process.exit(failed ? 1 : 0);

async function run(): Promise<void> {
  requireRoom();
  const server = await databaseServer(folder, closing, SETTINGS);
  if (!values.keep) closing.push(() => server.drop());
  const sides: Side[] = [];
  for (const products of [Number(values.small), Number(values.large)]) {
    const name = `guildhall_grow_${products}`;
    const { url, made } = await server.keptOrFresh(name);
    await migrate(loadConfig({ DATABASE_URL: url, DATA_DIR: folder }), migrations);
    if (made) {
      say(`Filling a catalog of ${products.toLocaleString('en')} …`);
      // Half a catalog is not kept.
      await fillCatalog(url, folder, products, say).catch(async (error: Error) => {
        await server.drop();
        throw error;
      });
      await server.checkpoint();
    }
    const shop = await startProduct({
      ...{
        DATABASE_URL: url,
        DATA_DIR: folder,
        ROLE: 'api',
        PAGE_CACHE: 'off',
        TEST_GATEWAY_URL: 'http://127.0.0.1:9',
      },
      ...{ ADMIN_EMAIL: 'bench@shop.test', ADMIN_PASSWORD: 'four random words are good' },
    });
    closing.push(() => shop.stop());
    sides.push({ products, database: url, shop });
  }
  const [small, large] = sides as [Side, Side];
  say(`\n${await sameAsMade(small.shop.url, small.database)}`);
  const due = QUESTIONS.filter(({ title }) => title.includes(values.only));
  const rows: Row[] = [];
  for (const question of due) rows.push(await ask(question, small, large));
  say(
    `\n${server.version}, ${availableParallelism()} cores, Node ${process.version}, one request at a time, no page cache\n`,
  );
  say(tableOf(rows, small, large));
  say(`\n${await sizes(large.database)}`);
  const slowest = [...rows]
    .filter(
      ({ question }) => !question.path(1, 1).includes('/suggestions') && question.path(1, 1).includes('?'),
    )
    .sort((a, b) => quantile(b.large, 0.5) - quantile(a.large, 0.5));
  for (const { question } of slowest.slice(0, Number(values.plans))) {
    say(`\n${question.title}, at ${large.products.toLocaleString('en')}:`);
    for (const plan of await explain(large.database, folder, question.path(3, large.products))) say(plan);
  }
}

/** Half of the time goes to each side, in turns, so that whatever else the machine does falls on both. */
async function ask(question: Question, ...sides: [Side, Side]): Promise<Row> {
  const times = Number(values.times);
  const measured = sides.map(() => [] as number[]) as [number[], number[]];
  const cursors: (string | null)[] = [null, null];
  for (let n = 0; n < times + 10; n++) {
    for (const [at, { shop, products }] of sides.entries()) {
      const cursor = question.pages && cursors[at] ? `&cursor=${cursors[at]}` : '';
      const begun = performance.now();
      const answer = await fetch(`${shop.url}${question.path(n, products)}${cursor}`);
      const text = await answer.text();
      const took = performance.now() - begun;
      if (!answer.ok) throw new Error(`${question.title}: ${answer.status} ${text}`);
      if (question.pages) cursors[at] = (JSON.parse(text) as { nextCursor: string | null }).nextCursor;
      // The first ones prepare what later ones only run.
      if (n >= 10) measured[at]?.push(took);
    }
  }
  const [small, large] = measured;
  say(`${question.title}: ${quantile(small, 0.5).toFixed(1)} ms, ${quantile(large, 0.5).toFixed(1)} ms`);
  return { question, small, large };
}

function quantile(times: number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
}

function tableOf(rows: Row[], small: Side, large: Side): string {
  const [few, many] = [small.products, large.products].map((products) => products.toLocaleString('en'));
  const lines = rows.map(({ question, small: before, large: after }) => {
    const { times, ms = 0 } = question.target;
    const ratio = quantile(after, 0.5) / quantile(before, 0.5);
    const reached = ratio <= times || quantile(after, 0.5) <= ms;
    const figures = [before, after]
      .flatMap((of) => [quantile(of, 0.5), quantile(of, 0.95)])
      .map((ms) => ms.toFixed(1));
    const target = `≤ ${times} ×${ms > 0 ? ` or ${ms} ms` : ''}`;
    return `| ${[question.title, ...figures, ratio.toFixed(2), target, reached ? 'reached' : 'too slow'].join(' | ')} |`;
  });
  return [
    `| question | p50 ms at ${few} | p95 | p50 ms at ${many} | p95 | ratio of p50 | target | verdict |`,
    '| --- | --: | --: | --: | --: | --: | --- | --- |',
    ...lines,
  ].join('\n');
}

async function sizes(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; rows: string; heap: string; indexes: string }>(
      `SELECT c.relname AS name, c.reltuples::bigint AS rows, pg_size_pretty(pg_table_size(c.oid)) AS heap,
         pg_size_pretty(pg_indexes_size(c.oid)) AS indexes
       FROM pg_class c WHERE c.relnamespace = 'catalog'::regnamespace AND c.relkind = 'r' AND pg_total_relation_size(c.oid) > 1e6
       ORDER BY pg_total_relation_size(c.oid) DESC`,
    );
    const lines = rows.map(
      ({ name, rows: count, heap, indexes }) =>
        `| ${name} | ${Number(count).toLocaleString('en')} | ${heap} | ${indexes} |`,
    );
    return ['| table | rows | size | indexes |', '| --- | --: | --: | --: |', ...lines].join('\n');
  } finally {
    await client.end();
  }
}

/** A disk that fills up takes more with it than this program. */
function requireRoom(): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const needed = (Number(values.small) + Number(values.large)) * PER_PRODUCT;
  if (bavail * bsize < 2 * needed)
    throw new Error(
      `${tmpdir()} has too little room: this takes some ${Math.ceil(needed / 1e9)} GB and wants as much again.`,
    );
}
