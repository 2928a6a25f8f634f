import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Measurement } from './load.js';
import { runToEnd } from './processes.js';

/** What the database was asked for one piece of work. */
export interface StatementCount {
  /** SQL statements, BEGIN and COMMIT not among them. */
  statements: number;
  /** Commits that were made durable; null when the server is too old to tell. */
  commits: number | null;
  /** Every statement with how often it ran for one piece of work and what it took the server, the dearest first. */
  list: { text: string; calls: number; milliseconds: number }[];
}

const TIMES = 20;
const CONTROL = /^(begin|start transaction|commit|rollback|set|deallocate|show)\b/i;

/**
 * Counts what a purchase asks of the database: twenty of them one after the other against a process that runs no jobs,
 * so that nothing else is in the figures. Null when the server does not count statements.
 */
export async function countStatements(databaseUrl: string, base: string): Promise<StatementCount | null> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  try {
    // The first ones prepare what later ones only run.
    await buy(base);
    const before = await durableCommits(client);
    const reset = await client.query('SELECT pg_stat_statements_reset()').catch(() => null);
    if (reset === null) return null;
    await buy(base);
    // Counters of idle sessions come up to a second late.
    await sleep(1_500);
    const after = await durableCommits(client);
    const { rows } = await client.query<{ query: string; calls: string; total_exec_time: number }>(
      `SELECT query, calls, total_exec_time FROM pg_stat_statements
       WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND query NOT LIKE '%pg_stat%' ORDER BY total_exec_time DESC`,
    );
    const list = rows
      .map(({ query, calls, total_exec_time }) => ({
        text: query.replace(/\s+/g, ' ').trim(),
        calls: Number(calls) / TIMES,
        milliseconds: total_exec_time / TIMES,
      }))
      // What came once or twice belongs to a timer and not to the purchases; what looks around comes before them.
      .filter(({ calls }) => calls >= 0.5);
    const statements = list
      .filter(({ text }) => !CONTROL.test(text))
      .reduce((sum, { calls }) => sum + calls, 0);
    return {
      statements: Math.round(statements * 10) / 10,
      commits: before === null || after === null ? null : Math.round(((after - before) / TIMES) * 10) / 10,
      list,
    };
  } finally {
    await client.end();
  }
}

function buy(base: string): Promise<Measurement> {
  return runToEnd<Measurement>('load.js', [
    '--base',
    base,
    '--work',
    'purchase',
    '--pages',
    '1',
    '--times',
    String(TIMES),
  ]);
}

/** Each durable commit of a lone client is one flush of the log by its session. */
async function durableCommits(client: pg.Client): Promise<number | null> {
  const answer = await client
    .query<{ fsyncs: string }>(
      `SELECT sum(fsyncs) AS fsyncs FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'client backend'`,
    )
    .catch(() => null);
  return answer?.rows[0] ? Number(answer.rows[0].fsyncs) : null;
}
