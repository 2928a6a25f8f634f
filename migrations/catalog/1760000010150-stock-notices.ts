import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses of those who wait are sealed with a key that has a name; who was told is nobody any more. */
export class CatalogStockNotices1760000010150 implements MigrationInterface {
  readonly name = 'CatalogStockNotices1760000010150';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE catalog.stock_subscriptions
        -- Of what it is sealed and hashed with.
        ADD COLUMN key_id text,
        DROP CONSTRAINT stock_subscriptions_told_check,
        ADD CONSTRAINT stock_subscriptions_told_check CHECK (CASE state
          WHEN 'told' THEN address IS NULL AND address_hash IS NULL AND customer_id IS NULL AND token_hash IS NULL AND told_at IS NOT NULL
          ELSE address IS NOT NULL AND address_hash IS NOT NULL AND key_id IS NOT NULL END);
      -- A stranger who names somebody's address must not find out that it waits already: each account waits on its own.
      DROP INDEX catalog.stock_subscriptions_waiting_key;
      CREATE UNIQUE INDEX stock_subscriptions_waiting_key ON catalog.stock_subscriptions
        (variant_id, address_hash, coalesce(customer_id, '00000000-0000-0000-0000-000000000000')) WHERE state = 'waiting';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DELETE FROM catalog.stock_subscriptions WHERE customer_id IS NOT NULL;
      DROP INDEX catalog.stock_subscriptions_waiting_key;
      CREATE UNIQUE INDEX stock_subscriptions_waiting_key ON catalog.stock_subscriptions (variant_id, address_hash)
        WHERE state = 'waiting';
      ALTER TABLE catalog.stock_subscriptions DROP CONSTRAINT stock_subscriptions_told_check, DROP COLUMN key_id,
        ADD CONSTRAINT stock_subscriptions_told_check
          CHECK ((state = 'told') = (address IS NULL AND address_hash IS NULL AND told_at IS NOT NULL));
    `);
  }
}
