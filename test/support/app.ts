import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { AppModule } from '../../src/app.module.js';
import { Clock, MovableClock } from '../../src/platform/clock.js';
import { Config } from '../../src/platform/config.js';
import { ConfigModule } from '../../src/platform/config.module.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { Consumers } from '../../src/platform/events/consumers.js';
import { Relay } from '../../src/platform/events/relay.js';
import { Workers } from '../../src/platform/events/workers.js';
import {
  applicationOptions,
  closeServer,
  fastifyAdapter,
  prepareApplication,
} from '../../src/platform/http/server.js';
import { JsonLogger } from '../../src/platform/observability/logger.js';
import { Metrics } from '../../src/platform/observability/metrics.js';
import { installRequestLog } from '../../src/platform/observability/request-log.js';
import { firstStart } from '../../src/platform/start/first-start.js';
import { migrations } from '../../migrations/index.js';
import { canary, type Leak } from './canary.js';
import { Client } from './client.js';
import { type LetterSeen, readLetters } from './letters.js';

/** Who rules every test store. */
export const admin = { email: 'admin@shop.test', password: 'the keeper of all the keys' };

/** Any number; it keeps two Jest workers from building the template at the same time. */
const TEMPLATE_LOCK = 4_711_003;
const prefix = process.env.TEST_DATABASE_PREFIX ?? 'guildhall_test';
const template = `${prefix}_template`;

/** The server that the global setup started, or the one of DATABASE_URL. */
function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is missing: run the tests with `npm test`');
  return url;
}

export function databaseUrl(name: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.toString();
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A fresh database with the newest schema: a copy of a template that is migrated once per run. */
export async function freshDatabase(): Promise<string> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await onServer(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    try {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [template]);
      if (rowCount === 0) {
        await client.query(`CREATE DATABASE ${template}_new`);
        await migrate(testConfig(databaseUrl(`${template}_new`), tmpdir()), migrations);
        await client.query(`ALTER DATABASE ${template}_new RENAME TO ${template}`);
      }
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
    }
  });
  return name;
}

export async function dropDatabase(name: string): Promise<void> {
  await onServer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

export function testConfig(url: string, dataDir: string, overrides: Record<string, string> = {}): Config {
  return new Config({
    NODE_ENV: 'test',
    DATABASE_URL: url,
    DATA_DIR: dataDir,
    REDIS_URL: process.env.REDIS_URL,
    TEST_GATEWAY_URL: process.env.TEST_GATEWAY_URL,
    SECRET_KEY: 'a secret that only the tests know, 32+',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
    PUBLIC_URL: 'http://shop.test',
    DEMO_STORE: 'off',
    // All tests come from one address.
    MAILS_PER_NETWORK: '100000',
    REGISTRATIONS_PER_NETWORK: '100000',
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ...overrides,
  });
}

export interface TestApp extends Client {
  app: NestFastifyApplication;
  database: Database;
  clock: MovableClock;
  config: Config;
  /** Where it listens: `http://127.0.0.1:PORT`. */
  url: string;
  /** Drives relay and workers until nothing is left to do. */
  settle(): Promise<void>;
  /** Letters that were sent, the oldest first. */
  letters(): Promise<LetterSeen[]>;
  /** Runs one scheduled job now. */
  run(job: string): Promise<void>;
  /** Secrets and personal data in its log, its problem documents and its tables where they do not belong. */
  leaks(): Promise<Leak[]>;
  /** Ends it; fails when there are leaks. */
  close(): Promise<void>;
  /** Ends it without a look. */
  stop(): Promise<void>;
}

/** The whole application on a database of its own, listening on a free port, with its workers; `extra` are fixtures of a test. */
export async function startApp(settings: Record<string, string> = {}, extra: Type[] = []): Promise<TestApp> {
  const name = await freshDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'guildhall-test-'));
  const config = testConfig(databaseUrl(name), dataDir, settings);
  ConfigModule.use(config);
  const module = await Test.createTestingModule({ imports: [AppModule, ...extra] })
    .overrideProvider(Config)
    .useValue(config)
    .compile();
  // All that it would say, kept for the search at the end.
  const logger = new JsonLogger('debug', {
    write: (line) => {
      canary.write(line);
      if (process.env.LOG_LEVEL) process.stderr.write(line);
    },
  });
  const app = module.createNestApplication<NestFastifyApplication>(fastifyAdapter(config), {
    ...applicationOptions,
    logger,
  });
  installRequestLog(
    app.getHttpAdapter().getInstance() as unknown as FastifyInstance,
    logger,
    app.get(Metrics),
  );
  prepareApplication(app);
  await app.init().catch(async (error: unknown) => {
    await app.close();
    await dropDatabase(name);
    throw error;
  });
  await firstStart(app);
  await app.listen(0, '127.0.0.1');
  const workers = app.get(Workers);
  await workers.start({ schedules: false });
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const database = app.get(Database);
  const settle = () => settleDown(app.get(Relay), database);
  const leaks = () => canary.leaks(database);
  const stop = async () => {
    await workers.stop();
    await closeServer(app.getHttpServer() as Server, 5_000);
    await app.close();
    await dropDatabase(name);
    await rm(dataDir, { recursive: true, force: true });
  };
  return Object.assign(new Client(url), {
    app,
    database,
    config,
    url,
    settle,
    clock: app.get(Clock) as unknown as MovableClock,
    run: async (job: string) => {
      const found = app.get(Consumers).job(job);
      if (!found) throw new Error(`there is no job ${job}`);
      await found.run();
    },
    letters: () => readLetters(join(dataDir, 'mail')),
    leaks,
    stop,
    close: async () => {
      await workers.stop();
      const found = await leaks().finally(stop);
      if (found.length === 0) return;
      throw new Error(found.map(({ field, place }) => `a value of ${field} is in ${place}`).join('\n'));
    },
  });
}

/** Nothing sleeps for a guess: it looks until outbox and deliveries are empty. */
async function settleDown(relay: Relay, database: Database): Promise<void> {
  for (let look = 0; look < 10_000; look++) {
    await relay.drain();
    const [open] = await database.query<{ facts: string; pending: string; errors: string | null }>(
      `SELECT (SELECT count(*) FROM platform.events WHERE position IS NULL) AS facts, count(*) AS pending,
        string_agg(DISTINCT consumer || ': ' || last_error, '; ') AS errors
       FROM platform.deliveries WHERE state = 'pending'`,
    );
    if (open?.facts === '0' && open.pending === '0') return;
    if (look === 9_999) throw new Error(`still busy: ${JSON.stringify(open)}`);
    await wait(10);
  }
}
