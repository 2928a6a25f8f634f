import { DataSource, type MigrationInterface } from 'typeorm';
import type { Config } from '../config.js';
import { connectionOptions } from './options.js';

/** Any number will do, as long as every process of every version takes the same one. */
const MIGRATION_LOCK = 4_711_001;

export type Migrations = (new () => MigrationInterface)[];

/**
 * Brings the database to the newest schema. Processes that start together wait for each other on an advisory
 * lock; the second finds nothing to do. Returns the names of what was run.
 */
export async function migrate(config: Config, migrations: Migrations): Promise<string[]> {
  return alone(config, migrations, async (source) =>
    (await source.runMigrations()).map((migration) => migration.name),
  );
}

/** Takes back every migration, the newest first, and all data with them. Returns the names of what was taken back. */
export async function rollBack(config: Config, migrations: Migrations): Promise<string[]> {
  return alone(config, migrations, async (source) => {
    const done = await source.query<{ name: string }[]>(
      'SELECT name FROM schema_migrations ORDER BY id DESC',
    );
    for (const _ of done) await source.undoLastMigration({ transaction: 'each' });
    return done.map(({ name }) => name);
  });
}

async function alone<T>(
  config: Config,
  migrations: Migrations,
  work: (source: DataSource) => Promise<T>,
): Promise<T> {
  const source = new DataSource({
    ...connectionOptions(config),
    // An index over a large table may take its time; nobody waits for a request here.
    extra: { max: 2, options: '-c lock_timeout=30s -c statement_timeout=0 -c timezone=UTC' },
    migrations,
    migrationsTransactionMode: 'each',
    migrationsTableName: 'schema_migrations',
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('SET lock_timeout = 0');
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work(source);
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}
