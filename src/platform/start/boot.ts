import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { type Config, loadConfig } from '../config.js';
import { ConfigModule } from '../config.module.js';
import { migrate, type Migrations } from '../database/migrate.js';
import { Workers } from '../events/workers.js';
import { armFailpoint } from '../failpoint.js';
import { PageCacheListener } from '../http/page-cache.listener.js';
import { applicationOptions, closeServer, fastifyAdapter, prepareApplication } from '../http/server.js';
import { JsonLogger } from '../observability/logger.js';
import { Metrics } from '../observability/metrics.js';
import { Readiness } from '../observability/readiness.js';
import { installRequestLog } from '../observability/request-log.js';
import { banner } from './banner.js';
import { type BannerPart, firstStart } from './first-start.js';
import { StartFailure, tellFailure } from './failure.js';
import { type Services, startServices } from './services.js';
import { Shutdown } from './shutdown.js';

/** Answers and jobs under way get this long; the orders to stop of usual supervisors allow 30 seconds in all. */
const DRAIN_MS = 16_000;

export interface Program {
  module: Type;
  migrations: Migrations;
  /** The compiled test gateway, for a store without a real one. */
  gatewayProgram: string;
  /** Makes the command that buys something, for the banner. */
  example: (url: string, currency: string) => string;
}

interface Opened {
  app: NestFastifyApplication;
  shown: BannerPart;
}

/** Starts the process in its role and ends it in order when it is told to. */
export async function boot(program: Program): Promise<void> {
  const shutdown = new Shutdown();
  shutdown.listen();
  let config: Config | undefined;
  try {
    config = loadConfig();
    armFailpoint(config.failpoint);
    await refuseBusyPort(config);
    const services = await startServices({ config, gatewayProgram: program.gatewayProgram, report });
    shutdown.add(services.stop, 8_000);
    config = loadConfig({
      DATABASE_URL: services.databaseUrl,
      TEST_GATEWAY_URL: services.testGatewayUrl ?? undefined,
    });
    ConfigModule.use(config);
    await migrate(config, program.migrations);
    const { app, shown } = await open(program, config, shutdown);
    const url = (await app.getUrl().catch(() => config?.publicUrl ?? '')).replace(
      /127\.0\.0\.1|\[::1?\]|0\.0\.0\.0/,
      'localhost',
    );
    console.log(welcome(config, services, url, shown, program.example));
  } catch (error) {
    // What breaks because a signal came during the start is not a failure.
    if (shutdown.begun) return;
    console.error(tellFailure(error, config));
    await shutdown.exit(1);
  }
}

async function open({ module, migrations }: Program, config: Config, shutdown: Shutdown): Promise<Opened> {
  const logger = new JsonLogger(config.logLevel);
  const app = await NestFactory.create<NestFastifyApplication>(module, fastifyAdapter(config), {
    // Nest's own chatter about routes and modules is worth a line only when something is wrong.
    logger: new JsonLogger(config.logLevel === 'info' ? 'warn' : config.logLevel),
    // An error of the start is told by us, in one line, and not by Nest with an abort.
    abortOnError: false,
    ...applicationOptions,
  });
  shutdown.add(() => app.close(), 4_000);
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  installRequestLog(server, logger, app.get(Metrics));
  app.get(Readiness).needs = migrations.map((migration) => new migration().name ?? migration.name);
  app.get(Readiness).install(server);
  prepareApplication(app);
  await app.init();
  const workers = app.get(Workers);
  shutdown.add(async () => {
    app.get(Readiness).drain();
    // Load balancers need a moment to see that this process is not ready any more.
    await sleep(config.shutdownGraceMs);
    await Promise.all([closeServer(app.getHttpServer() as Server, DRAIN_MS), workers.stop()]);
  }, DRAIN_MS + config.shutdownGraceMs);
  const shown = await firstStart(app);
  if (config.role !== 'api') await workers.start();
  await app.get(PageCacheListener).start();
  // A worker listens too: its health and its metrics are asked for like everybody's.
  await app.listen(config.port, config.host);
  return { app, shown };
}

/** Before anything is made: a second start by mistake should not begin with a new database. */
async function refuseBusyPort({ port, host }: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(port, host, resolve)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') throw error;
      throw new StartFailure(
        `HOST is no address of this machine (${error.code}).`,
        'Use one that it has, such as 127.0.0.1, or 0.0.0.0 for all of them.',
      );
    },
  );
  await new Promise((resolve) => probe.close(resolve));
}

function report(line: string): void {
  new JsonLogger('warn').warn(line, 'start');
}

function welcome(
  config: Config,
  services: Services,
  url: string,
  { administrator, sells }: BannerPart,
  example: Program['example'],
): string {
  const dataDir = shortened(config.dataDir);
  return banner({
    shopName: config.shopName,
    url,
    role: config.role,
    database: services.databaseFolder
      ? `embedded PostgreSQL in ${shortened(services.databaseFolder)}`
      : 'the one of DATABASE_URL',
    jobs: config.redisUrl ? 'BullMQ on Redis' : 'BullMQ on PostgreSQL',
    mail: config.smtpUrl ? 'sent by SMTP' : `written to ${dataDir}/mail`,
    payments: payments(config),
    administrator,
    // Nobody pays with a token of the test gateway where there is none, or buys what is not there.
    example: sells && !config.production ? example(url, config.storeCurrency) : undefined,
  });
}

function payments({ testGatewayUrl }: Config): string {
  return testGatewayUrl
    ? `the test gateway at ${testGatewayUrl}`
    : 'none: this version has only the test gateway, which production refuses';
}

function shortened(folder: string): string {
  const relative = path.relative('', folder);
  return relative && !relative.startsWith('..') ? relative : folder;
}
