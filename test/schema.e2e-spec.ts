import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { DataSource } from 'typeorm';
import { BillingLateCharges1780000000330 } from '../migrations/billing/1780000000330-late-charges.js';
import { migrations } from '../migrations/index.js';
import { migrate, rollBack } from '../src/platform/database/migrate.js';
import { connectionOptions } from '../src/platform/database/options.js';
import {
  databaseUrl,
  dropDatabase,
  freshDatabase,
  startApp,
  type TestApp,
  testConfig,
} from './support/app.js';

interface ColumnRow {
  place: string;
  column: string;
  type: string;
  nullable: boolean;
  /** The database fills it in when an insert says nothing. */
  filled: boolean;
}

const COLUMNS = `
  SELECT table_schema || '.' || table_name AS place, column_name AS column,
    CASE data_type WHEN 'ARRAY' THEN ltrim(udt_name, '_') || '[]' ELSE data_type END AS type,
    is_nullable = 'YES' AS nullable,
    column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS' AS filled
  FROM information_schema.columns
  WHERE table_schema NOT LIKE 'pg\\_%' AND table_schema NOT IN ('information_schema', 'public')
  ORDER BY 1, 2`;

/** Where the entities say something else than the migrations have made. */
async function drift(source: DataSource): Promise<string[]> {
  const rows = await source.query<ColumnRow[]>(COLUMNS);
  return source.entityMetadatas.flatMap((entity) => {
    const place = entity.tablePath;
    const present = new Map(rows.filter((row) => row.place === place).map((row) => [row.column, row]));
    const wrong = entity.columns.flatMap((column) => {
      const name = `${place}.${column.databaseName}`;
      const row = present.get(column.databaseName);
      present.delete(column.databaseName);
      if (!row) return [`${name} does not exist`];
      const type = `${source.driver.normalizeType(column)}${column.isArray ? '[]' : ''}`;
      return [
        ...(type === row.type ? [] : [`${name} is ${row.type} and not ${type}`]),
        ...(column.isNullable === row.nullable ? [] : [`${name} disagrees about null`]),
        // What is not inserted must come from somewhere.
        ...(column.isInsert || row.nullable || row.filled ? [] : [`${name} is never given a value`]),
      ];
    });
    const missing = [...present.values()].filter(({ nullable, filled }) => !nullable && !filled);
    return [...wrong, ...missing.map(({ column }) => `${place}.${column} is required and not mapped`)];
  });
}

describe('entities and migrations', () => {
  let app: TestApp;
  let source: DataSource;

  beforeAll(async () => {
    app = await startApp();
    source = app.app.get(DataSource);
  });
  afterAll(() => app.close());

  it('say the same', async () => {
    expect(source.entityMetadatas.map(({ tablePath }) => tablePath)).toEqual(
      expect.arrayContaining(['catalog.categories', 'catalog.locations', 'identity.accounts']),
    );
    expect(await drift(source)).toEqual([]);
  });

  it.each([
    ['ALTER TABLE catalog.locations DROP COLUMN name', 'catalog.locations.name does not exist'],
    [
      'ALTER TABLE catalog.locations ALTER COLUMN priority TYPE bigint',
      'catalog.locations.priority is bigint and not integer',
    ],
    [
      'ALTER TABLE catalog.categories ALTER COLUMN path TYPE text[]',
      'catalog.categories.path is text[] and not uuid[]',
    ],
    [
      'ALTER TABLE identity.accounts ALTER COLUMN email DROP NOT NULL',
      'identity.accounts.email disagrees about null',
    ],
    [
      'ALTER TABLE identity.accounts ALTER COLUMN created_at DROP DEFAULT',
      'identity.accounts.created_at is never given a value',
    ],
    [
      'ALTER TABLE identity.accounts ADD COLUMN planted text NOT NULL',
      'identity.accounts.planted is required and not mapped',
    ],
  ])('are told apart after %s', async (change, found) => {
    const copy = new DataSource({
      ...connectionOptions(app.config),
      entities: source.entityMetadatas.map(({ target }) => target),
      extra: { max: 1 },
    });
    await copy.initialize();
    try {
      // One connection: the change and what is read of it are of the same transaction, which is never committed.
      await copy.query('BEGIN');
      await copy.query('TRUNCATE identity.accounts, catalog.categories CASCADE');
      await copy.query(change);
      expect(await drift(copy)).toEqual([found]);
      await copy.query('ROLLBACK');
    } finally {
      await copy.destroy();
    }
  });
});

describe('migrations', () => {
  it('can all be taken back and run again', async () => {
    const name = await freshDatabase();
    const config = testConfig(databaseUrl(name), tmpdir());
    const look = async () => {
      const source = await new DataSource(connectionOptions(config)).initialize();
      try {
        const schemas = await source.query<{ nspname: string }[]>(
          `SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
           AND nspname NOT IN ('information_schema', 'public') ORDER BY 1`,
        );
        return { schemas: schemas.map(({ nspname }) => nspname), columns: await source.query(COLUMNS) };
      } finally {
        await source.destroy();
      }
    };
    try {
      const first = await look();
      expect(first.schemas).toEqual(expect.arrayContaining(['catalog', 'identity', 'ordering', 'platform']));
      expect(await rollBack(config, migrations)).toHaveLength(migrations.length);
      expect(await look()).toEqual({ schemas: [], columns: [] });
      expect(await migrate(config, migrations)).toHaveLength(migrations.length);
      expect(await look()).toEqual(first);
    } finally {
      await dropDatabase(name);
    }
  });

  it('moves late money that was counted in payments to rows of its own, and back', async () => {
    const name = await freshDatabase();
    const config = testConfig(databaseUrl(name), tmpdir());
    const before = migrations.filter((each) => each !== BillingLateCharges1780000000330);
    const [payment, attempt, late, call, refund] = Array.from({ length: 5 }, () => randomUUID());
    const inDatabase = async <T>(work: (source: DataSource) => Promise<T>): Promise<T> => {
      const source = await new DataSource(connectionOptions(config)).initialize();
      return work(source).finally(() => source.destroy());
    };
    const amounts = () =>
      inDatabase((source) =>
        source.query<unknown[]>('SELECT captured, refund_reserved, refunded FROM billing.payments'),
      );
    const counted = [{ captured: '200', refund_reserved: '100', refunded: '100' }];
    try {
      await rollBack(config, migrations);
      await migrate(config, before);
      await inDatabase(async (source) => {
        await source.query(
          `INSERT INTO billing.payments (id, order_id, status, amount, currency, captured, refund_reserved, refunded, gateway,
             gateway_ref, operation_id, attempts, created_at, updated_at)
           VALUES ($1, $1, 'captured', 100, 'EUR', 200, 100, 100, 'test', 'ch_2', $2, 2, now(), now())`,
          [payment, attempt],
        );
        for (const [id, kind, ref, refundId] of [
          [late, 'authorize', 'ch_1', null],
          [attempt, 'authorize', 'ch_2', null],
          [call, 'refund', 'ch_1', refund],
        ]) {
          await source.query(
            `INSERT INTO billing.operations (id, payment_id, kind, status, attempt, amount, currency, gateway_ref, refund_id,
               created_at, updated_at)
             VALUES ($1, $2, $3, 'succeeded', 1, 100, 'EUR', $4, $5, now(), now())`,
            [id, payment, kind, ref, refundId],
          );
        }
        await source.query(
          `INSERT INTO billing.refunds (id, payment_id, order_id, operation_id, amount, currency, status, reason, requested_by,
             created_at, settled_at)
           VALUES ($1, $2, $2, $3, 100, 'EUR', 'succeeded', 'late_payment', 'system', now(), now())`,
          [refund, payment, call],
        );
      });
      await migrate(config, migrations);
      expect(await amounts()).toEqual([{ captured: '100', refund_reserved: '0', refunded: '0' }]);
      const moved = await inDatabase((source) =>
        source.query<unknown[]>(
          `SELECT c.id, c.gateway_ref, c.captured, c.refunded, r.id AS refund, o.id AS call FROM billing.late_charges c
             JOIN billing.refunds r ON r.charge_id = c.id JOIN billing.operations o ON o.charge_id = c.id`,
        ),
      );
      expect(moved).toEqual([
        { id: late, gateway_ref: 'ch_1', captured: '100', refunded: '100', refund, call },
      ]);
      await inDatabase((source) => new BillingLateCharges1780000000330().down(source.createQueryRunner()));
      expect(await amounts()).toEqual(counted);
    } finally {
      await dropDatabase(name);
    }
  });
});
