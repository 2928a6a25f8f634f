import type { DataSourceOptions } from 'typeorm';
import type { Config } from '../config.js';
import { BadSetting } from '../setting.js';

/** How long a statement, a lock and an idle transaction may last before PostgreSQL ends them. */
const LIMITS =
  '-c lock_timeout=3s -c statement_timeout=10s -c idle_in_transaction_session_timeout=15s -c timezone=UTC -c random_page_cost=1.1';

/** The one set of connection options: for the application, for migrations and for the drift test. */
export function connectionOptions(config: Config): Extract<DataSourceOptions, { type: 'postgres' }> {
  if (config.databaseUrl === null) throw new BadSetting('DATABASE_URL', 'required when ROLE is not all');
  return {
    type: 'postgres',
    url: config.databaseUrl,
    synchronize: false,
    logging: false,
    // Names constraints and indexes are given in SQL; TypeORM's own are not used.
    extra: {
      max: config.databasePool,
      options: LIMITS,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      // A statement need not wait for the answer to the one before: `Database` decides which do.
      pipeline: true,
    },
    applicationName: `guildhall-${config.role}`,
  };
}
