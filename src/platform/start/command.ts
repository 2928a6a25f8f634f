import { type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadConfig } from '../config.js';
import { ConfigModule } from '../config.module.js';
import { Problem } from '../http/problem.js';
import { runningPostgres } from './embedded-postgres.js';
import { failStart, StartFailure } from './failure.js';

/**
 * Runs one piece of work on the database of a store that is running here or is named by DATABASE_URL, for whoever has its
 * settings and no sign-in. What `work` answers is printed; a failure is one line and exit code 1.
 */
export async function command(
  module: Type,
  work: (app: INestApplicationContext) => Promise<string>,
): Promise<void> {
  try {
    const config = loadConfig();
    const databaseUrl = config.databaseUrl ?? runningPostgres(config.dataDir, 'guildhall');
    if (!databaseUrl) throw new StartFailure('No store is running here.', 'Start it, or set DATABASE_URL.');
    ConfigModule.use(loadConfig({ DATABASE_URL: databaseUrl }));
    const app = await NestFactory.createApplicationContext(module, {
      logger: ['error'],
      abortOnError: false,
    });
    try {
      console.log(await work(app));
    } finally {
      await app.close();
    }
  } catch (error) {
    failStart(error instanceof Problem ? new StartFailure(error.message, error.kind.remedy) : error);
  }
}
