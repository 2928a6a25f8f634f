import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { DataSource } from 'typeorm';
import { BillingAttention1780000000396 } from '../migrations/billing/1780000000396-attention.js';
import { BillingLateCharges1780000000330 } from '../migrations/billing/1780000000330-late-charges.js';
import { BillingRefundsOfOwnMoney1780000000795 } from '../migrations/billing/1780000000795-refunds-of-own-money.js';
import { BillingDisputedCharges1780000000910 } from '../migrations/billing/1780000000910-disputed-charges.js';
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
      'ALTER TABLE identity.accounts ALTER COLUMN personal DROP NOT NULL',
      'identity.accounts.personal disagrees about null',
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
    // A later one moves money of another currency there, too.
    // Those behind it stand on what it makes.
    const behind: unknown[] = [
      BillingAttention1780000000396,
      BillingRefundsOfOwnMoney1780000000795,
      BillingDisputedCharges1780000000910,
    ];
    const after = migrations.filter((each) => !behind.includes(each));
    const before = after.filter((each) => each !== BillingLateCharges1780000000330);
    const inDatabase = async <T>(work: (source: DataSource) => Promise<T>): Promise<T> => {
      const source = await new DataSource(connectionOptions(config)).initialize();
      return work(source).finally(() => source.destroy());
    };
    interface Old {
      status: string;
      /** The charges of its attempts; the last is the one that counts. */
      charges: string[];
      reviewReason?: string;
      amounts: [captured: number, reserved: number, refunded: number];
      refunds?: [ref: string, amount: number, status: string, reason: string][];
      /** A charge whose money came in dollars, as the books have it. */
      dollars?: string;
    }
    /** As it was written before late charges had rows. */
    const write = async (source: DataSource, { status, charges, reviewReason, amounts, ...old }: Old) => {
      const payment = randomUUID();
      const attempts = new Map(charges.map((ref) => [ref, randomUUID()]));
      const add = (id: string, kind: string, amount: number, ref: string, refundId: string | null) =>
        source.query(
          `INSERT INTO billing.operations (id, payment_id, kind, status, attempt, amount, currency, gateway_ref, refund_id,
             created_at, updated_at)
           VALUES ($1, $2, $3, 'succeeded', 1, $4, 'EUR', $5, $6, now(), now())`,
          [id, payment, kind, amount, ref, refundId],
        );
      await source.query(
        `INSERT INTO billing.payments (id, order_id, status, amount, currency, captured, refund_reserved, refunded, gateway,
           gateway_ref, review_reason, operation_id, attempts, created_at, updated_at)
         VALUES ($1, $1, $2, 100, 'EUR', $3, $4, $5, 'test', $6, $7, $8, 2, now(), now())`,
        [payment, status, ...amounts, charges.at(-1), reviewReason, attempts.get(charges.at(-1) ?? '')],
      );
      for (const [ref, id] of attempts) await add(id, 'authorize', 100, ref, null);
      for (const [ref, amount, refundStatus, reason] of old.refunds ?? []) {
        const [call, refund] = [randomUUID(), randomUUID()];
        await add(call, 'refund', amount, ref, refund);
        await source.query(
          `INSERT INTO billing.refunds (id, payment_id, order_id, operation_id, amount, currency, status, reason,
             requested_by, created_at)
           VALUES ($1, $2, $2, $3, $4, 'EUR', $5, $6, $7, now())`,
          [
            refund,
            payment,
            call,
            amount,
            refundStatus,
            reason,
            reason === 'late_payment' ? 'system' : 'a person',
          ],
        );
      }
      if (old.dollars !== undefined) {
        await source.query(
          `WITH posted AS (
             INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at)
             VALUES (gen_random_uuid(), 'payment_captured', 'operation', $1, $2, $2, now()) RETURNING id
           )
           INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
           SELECT id, position, 'account ' || position, 'USD', amount FROM posted, (VALUES (1, 70), (2, -70)) AS legs (position, amount)`,
          [attempts.get(old.dollars), payment],
        );
      }
      return payment;
    };
    /** Amounts of the payment, then of its late charges, with how many refunds and calls name them. */
    const read = (payment: string) =>
      inDatabase(async (source) => {
        const [row] = await source.query<{ amounts: string[]; review_reason: string | null }[]>(
          'SELECT ARRAY[captured, refund_reserved, refunded] AS amounts, review_reason FROM billing.payments WHERE id = $1',
          [payment],
        );
        const late = await source.query<{ text: string }[]>(
          `SELECT c.gateway_ref || ' ' || c.currency || ' ' || c.captured || ' ' || c.refund_reserved || ' ' || c.refunded
             || ' ' || (SELECT count(*) FROM billing.refunds r JOIN billing.operations o
                          ON o.id = r.operation_id AND o.charge_id = r.charge_id WHERE r.charge_id = c.id) AS text
             FROM billing.late_charges c WHERE payment_id = $1 ORDER BY gateway_ref`,
          [payment],
        );
        return {
          amounts: row?.amounts.map(Number),
          reason: row?.review_reason,
          late: late.map(({ text }) => text),
        };
      });
    const cases: [Old, { amounts: number[]; reason?: string; late: string[] }][] = [
      [
        // Paid twice, and the first charge went back.
        {
          status: 'captured',
          charges: ['a1', 'a2'],
          amounts: [200, 100, 100],
          refunds: [['a1', 100, 'succeeded', 'late_payment']],
        },
        { amounts: [100, 0, 0], late: ['a1 EUR 100 100 100 1'] },
      ],
      [
        // Its return failed, and staff refunded what the other charge took.
        {
          status: 'captured',
          charges: ['b1', 'b2'],
          amounts: [200, 100, 100],
          refunds: [
            ['b1', 100, 'failed', 'late_payment'],
            ['b2', 100, 'succeeded', 'broken'],
          ],
        },
        { amounts: [100, 100, 100], late: ['b1 EUR 100 0 0 1'] },
      ],
      [
        // Canceled before it was paid: staff gave back by hand what did not go back by itself.
        {
          status: 'canceled',
          charges: ['c1'],
          amounts: [100, 60, 60],
          refunds: [
            ['c1', 100, 'failed', 'late_payment'],
            ['c1', 60, 'succeeded', 'broken'],
          ],
        },
        { amounts: [0, 0, 0], late: ['c1 EUR 100 60 60 2'] },
      ],
      [
        // More is on its way back to one charge than it took: nobody can tell whose money it is.
        {
          status: 'canceled',
          charges: ['d1', 'd2'],
          amounts: [200, 200, 0],
          refunds: [
            ['d1', 100, 'failed', 'late_payment'],
            ['d2', 100, 'failed', 'late_payment'],
            ['d2', 200, 'pending', 'broken'],
          ],
        },
        { amounts: [200, 200, 0], late: [] },
      ],
      [
        // Late and in dollars: it was counted nowhere.
        {
          status: 'captured',
          charges: ['e1', 'e2'],
          reviewReason: 'currency_mismatch',
          amounts: [100, 0, 0],
          dollars: 'e1',
        },
        { amounts: [100, 0, 0], late: ['e1 USD 70 0 0 0'] },
      ],
      [
        // Not late: the payment waits for a person.
        {
          status: 'requires_review',
          charges: ['f1'],
          reviewReason: 'currency_mismatch',
          amounts: [0, 0, 0],
          dollars: 'f1',
        },
        { amounts: [0, 0, 0], reason: 'currency_mismatch', late: [] },
      ],
    ];
    try {
      await rollBack(config, migrations);
      await migrate(config, before);
      const ids = await inDatabase(async (source) => {
        const made: string[] = [];
        for (const [old] of cases) made.push(await write(source, old));
        return made;
      });
      const expectMoved = async () => {
        const seen = await Promise.all(ids.map(read));
        expect(seen).toEqual(cases.map(([, { reason = null, ...moved }]) => ({ reason, ...moved })));
      };
      await migrate(config, after);
      await expectMoved();
      const migration = new BillingLateCharges1780000000330();
      await inDatabase((source) => migration.down(source.createQueryRunner()));
      const counted = await inDatabase((source) =>
        source.query<{ amounts: string[] }[]>(
          'SELECT ARRAY[captured, refund_reserved, refunded] AS amounts FROM billing.payments ORDER BY array_position($1::uuid[], id)',
          [ids],
        ),
      );
      expect(counted.map(({ amounts }) => amounts.map(Number))).toEqual(
        cases.map(([{ amounts }]) => amounts),
      );
      await inDatabase((source) => migration.up(source.createQueryRunner()));
      await expectMoved();
    } finally {
      await dropDatabase(name);
    }
  });
});
