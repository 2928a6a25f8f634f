import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.js';
import { ConfigModule } from '../config.module.js';
import { migrate, type Migrations } from '../database/migrate.js';
import { Workers } from '../events/workers.js';
import { PageCacheListener } from '../http/page-cache.listener.js';
import { applicationOptions, closeServer, fastifyAdapter, prepareApplication } from '../http/server.js';
import { JsonLogger } from '../observability/logger.js';
import { Metrics } from '../observability/metrics.js';
import { Readiness } from '../observability/readiness.js';
import { installRequestLog } from '../observability/request-log.js';
import { TestClock } from '../test-clock/test-clock.js';
import { type BannerPart, firstStart } from './first-start.js';
import type { Shutdown } from './shutdown.js';

/** Answers and jobs under way get this long; the orders to stop of usual supervisors allow 30 seconds in all. */
const DRAIN_MS = 16_000;

/** All that is run: a large part of a start is spent on reading its files. */
export interface System {
  module: Type;
  migrations: Migrations;
}

interface Opened {
  app: NestFastifyApplication;
  shown: BannerPart;
}

/** Brings the database up to date and opens the doors; the services that it needs are there. */
export async function open(
  { module, migrations }: System,
  config: Config,
  shutdown: Shutdown,
): Promise<Opened> {
  ConfigModule.use(config);
  await migrate(config, migrations);
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
  await app.get(TestClock).start();
  const shown = await firstStart(app);
  if (config.role !== 'api') await workers.start();
  await app.get(PageCacheListener).start();
  // A worker listens too: its health and its metrics are asked for like everybody's.
  await app.listen(config.port, config.host);
  return { app, shown };
}
