import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, loadConfig } from '../config.js';
import { ConfigModule } from '../config.module.js';
import { migrate, type Migrations } from '../database/migrate.js';
import { Workers } from '../events/workers.js';
import { armFailpoint } from '../failpoint.js';
import { PageCacheListener } from '../http/page-cache.listener.js';
import { applicationOptions, fastifyAdapter, prepareApplication } from '../http/server.js';

export interface Program {
  module: Type;
  migrations: Migrations;
}

/** Starts the process in its role and ends it in order when it is told to. */
export async function boot({ module, migrations }: Program): Promise<void> {
  const config = loadConfig();
  armFailpoint(config.failpoint);
  ConfigModule.use(config);
  await migrate(config, migrations);
  const app = await NestFactory.create<NestFastifyApplication>(module, fastifyAdapter(), {
    logger: ['error', 'warn', 'fatal'],
    ...applicationOptions,
  });
  await prepareApplication(app);
  await app.init();
  await serve(app, config);
}

async function serve(app: NestFastifyApplication, config: Config): Promise<void> {
  if (config.role !== 'api') await app.get(Workers).start();
  if (config.role !== 'worker') {
    await app.get(PageCacheListener).start();
    await app.listen(config.port, config.host);
  }
}
