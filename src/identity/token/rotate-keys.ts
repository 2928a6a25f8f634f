import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { system } from '../../platform/access/actor.js';
import { loadConfig } from '../../platform/config.js';
import { ConfigModule } from '../../platform/config.module.js';
import { Problem } from '../../platform/http/problem.js';
import { runningPostgres } from '../../platform/start/embedded-postgres.js';
import { failStart, StartFailure } from '../../platform/start/failure.js';
import { IdentityModule } from '../identity.module.js';
import { KeyRotation } from './key-rotation.service.js';

/*
 * `npm run rotate-keys [-- --compromised]`: what POST /v1/admin/signing-keys/rotation does, for whoever has the settings of
 * the store and no sign-in. Running processes follow within seconds.
 */
async function rotate(): Promise<string> {
  const { values } = parseArgs({ options: { compromised: { type: 'boolean', default: false } } });
  const config = loadConfig();
  const databaseUrl = config.databaseUrl ?? runningPostgres(config.dataDir, 'guildhall');
  if (!databaseUrl)
    throw new StartFailure(
      'No store is running here, and its keys lie in its database.',
      'Start it, or set DATABASE_URL.',
    );
  ConfigModule.use(loadConfig({ DATABASE_URL: databaseUrl }));
  const app = await NestFactory.createApplicationContext(IdentityModule, {
    logger: ['error'],
    abortOnError: false,
  });
  try {
    const rotation = app.get(KeyRotation);
    const actor = system('rotate-keys');
    const keys = await (values.compromised ? rotation.replaceAll(actor) : rotation.rotate(actor));
    return keys.items.map(({ kid, state }) => `${state.padEnd(8)} ${kid}`).join('\n');
  } catch (error) {
    if (error instanceof Problem) throw new StartFailure(error.message, error.kind.remedy);
    throw error;
  } finally {
    await app.close();
  }
}

try {
  console.log(await rotate());
} catch (error) {
  failStart(error);
}
