import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/platform/start/embedded-postgres.js';
import { type Running, startProduct, startService } from './processes.js';
import { seedProduct, seedYardstick } from './seed.js';

/** Databases, gateways and a data folder: everything that both sides need, gone afterwards. */
export interface Stage {
  productDatabase: string;
  yardstickDatabase: string;
  /** Name and version of the database server. */
  server: string;
  product(options?: { memory?: boolean; role?: 'all' | 'api'; nodeOptions?: string[] }): Promise<Running>;
  yardstick(memory: boolean): Promise<Running>;
  close(): Promise<void>;
}

const DATABASES = { product: 'guildhall_bench', yardstick: 'guildhall_bench_yardstick' } as const;

/** Sets up both sides on one server: `BENCH_DATABASE_URL` (its user may create databases), or one of its own. */
export async function prepareStage(products: number, report: (line: string) => void): Promise<Stage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildhall-bench-'));
  const closing: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const server = await databaseServer(folder, closing, {
      // Durable as it comes; only counting is added.
      shared_preload_libraries: 'pg_stat_statements',
    });
    const urls = {
      product: await server.fresh(DATABASES.product),
      yardstick: await server.fresh(DATABASES.yardstick),
    };
    closing.push(() => server.drop());
    report(`Filling both databases with ${products.toLocaleString('en')} products …`);
    await seedYardstick(urls.yardstick, products);
    await seedProduct(urls.product, folder, products);
    // What was just written reaches the disk before anything is measured.
    await server.checkpoint();
    const gateway = await startService('../src/billing/gateway/test-gateway.process.js', [
      ...['--journal', path.join(folder, 'gateway.journal')],
    ]);
    closing.push(() => gateway.stop());
    const bareGateway = await startService('yardstick/gateway.process.js', []);
    closing.push(() => bareGateway.stop());
    return {
      ...{ productDatabase: urls.product, yardstickDatabase: urls.yardstick, server: server.version, close },
      product: ({ memory = true, role = 'all', nodeOptions = [] } = {}) =>
        startProduct(
          {
            ...{ DATABASE_URL: urls.product, DATA_DIR: folder, TEST_GATEWAY_URL: gateway.url },
            ...{ ROLE: role, PAGE_CACHE: memory ? 'on' : 'off' },
          },
          nodeOptions,
        ),
      yardstick: (memory) =>
        startService('yardstick/server.process.js', [
          ...['--database', urls.yardstick, '--gateway', bareGateway.url, '--memory', memory ? 'on' : 'off'],
        ]),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface DatabaseServer {
  version: string;
  fresh(name: string): Promise<string>;
  /** The database that an earlier run has kept, or an empty one. */
  keptOrFresh(name: string): Promise<{ url: string; made: boolean }>;
  /** All that it made. */
  drop(): Promise<void>;
  checkpoint(): Promise<void>;
}

/** The server of `BENCH_DATABASE_URL`, or one of its own with its data in the folder. */
export async function databaseServer(
  folder: string,
  closing: (() => Promise<void> | void)[],
  settings: Record<string, string>,
): Promise<DatabaseServer> {
  let url = process.env.BENCH_DATABASE_URL;
  if (!url) {
    const embedded = await startEmbeddedPostgres({
      dataDir: folder,
      settings,
    });
    closing.push(() => embedded.stop());
    url = embedded.url();
  }
  const base = new URL(url);
  const ask = async (text: string): Promise<pg.QueryResultRow[]> => {
    const client = new pg.Client({ connectionString: base.href });
    await client.connect();
    try {
      return (await client.query<pg.QueryResultRow>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const made: string[] = [];
  const drop = async (): Promise<void> => {
    for (const name of made) await ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  const addressOf = (name: string): string => Object.assign(new URL(base), { pathname: `/${name}` }).href;
  const fresh = async (name: string): Promise<string> => {
    await ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await ask(`CREATE DATABASE ${name}`);
    made.push(name);
    return addressOf(name);
  };
  const [row] = await ask('SHOW server_version');
  return {
    version: `PostgreSQL ${String(row?.server_version)}`,
    drop,
    fresh,
    keptOrFresh: async (name) => {
      const there = await ask(`SELECT FROM pg_database WHERE datname = '${name}'`);
      return there.length > 0
        ? { url: addressOf(name), made: false }
        : { url: await fresh(name), made: true };
    },
    checkpoint: async () => void (await ask('CHECKPOINT')),
  };
}
