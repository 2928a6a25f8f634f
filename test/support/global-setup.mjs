/**
 * Before all test files: a PostgreSQL and the test gateway, both for this run only.
 *
 * Tests find them in `TEST_DATABASE_URL` (a database to connect to, in order to make others) and `TEST_GATEWAY_URL`, and
 * name the databases that they make `${TEST_DATABASE_PREFIX}_…`. With `DATABASE_URL` that server is used instead of an
 * embedded one; `REDIS_URL` reaches the tests as it is.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { build, root } from '../../src/platform/start/build.mjs';
import { dropDatabases, sweepDatabases } from './test-databases.mjs';

// A crash of the machine may cost this run its data.
const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

export default async function setup() {
  await build();
  const stops = [];
  globalThis.stopTestServices = async () => {
    for (const stop of stops.reverse()) await stop();
  };

  const counts = fs.mkdtempSync(path.join(os.tmpdir(), `guildhall-test-${process.pid}-`));
  stops.push(() => fs.rmSync(counts, { recursive: true, force: true }));
  process.env.TEST_CANARY_FILE = path.join(counts, 'canary');
  process.env.TEST_DATABASE_PREFIX = `guildhall_test_${Math.floor(Date.now() / 1000)}_${process.pid}`;
  if (process.env.DATABASE_URL) {
    process.env.TEST_DATABASE_URL = process.env.DATABASE_URL;
    await sweepDatabases(process.env.DATABASE_URL);
    stops.push(() => dropDatabases(process.env.DATABASE_URL, process.env.TEST_DATABASE_PREFIX));
  } else {
    const server = await startDatabase(stops);
    process.env.TEST_DATABASE_URL = server.url();
  }

  const gateway = path.join(root, 'dist/src/billing/gateway/test-gateway.process.js');
  if (fs.existsSync(gateway)) process.env.TEST_GATEWAY_URL = await startGateway(gateway, stops);
}

async function startDatabase(stops) {
  const { startEmbeddedPostgres } = await load('embedded-postgres.js');
  await sweepFolders();
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), `guildhall-test-${process.pid}-`));
  stops.push(() => fs.rmSync(dataDir, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir, settings: careless });
  stops.push(() => server.stop());
  await keepCheapPassword(server.url());
  return server;
}

/** Thousands of connections prove that they know the password, at 4,096 rounds on both sides each time. */
async function keepCheapPassword(url) {
  const client = new pg.Client(url);
  await client.connect();
  const password = pg.escapeLiteral(decodeURIComponent(new URL(url).password));
  await client.query('SET scram_iterations = 1');
  await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${password}`);
  await client.end();
}

/** A run that was killed leaves its server and its folder; its process number stands in the folder's name. */
async function sweepFolders() {
  const { runningPostmaster } = await load('postmaster.js');
  for (const name of fs.readdirSync(os.tmpdir())) {
    const [, pid] = /^guildhall-test-(\d+)-/.exec(name) ?? [];
    if (!pid || isAlive(Number(pid))) continue;
    const folder = path.join(os.tmpdir(), name);
    try {
      const server = runningPostmaster(path.join(folder, 'postgres/data'));
      if (server) process.kill(server.pid, 'SIGQUIT');
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    } catch {
      // Somebody else's.
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function startGateway(program, stops) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `guildhall-test-${process.pid}-`));
  stops.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  const { ChildService } = await load('child-service.js');
  const gateway = new ChildService({
    name: 'test gateway',
    program,
    arguments: ['--journal', path.join(folder, 'gateway.journal')],
    report: console.error,
  });
  stops.push(() => gateway.stop());
  await gateway.start();
  return gateway.url;
}

function load(file) {
  return import(new URL(`../../dist/src/platform/start/${file}`, import.meta.url));
}
