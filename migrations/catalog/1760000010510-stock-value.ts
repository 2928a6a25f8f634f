import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What pieces were bought for, and what lay on the shelves on each day. */
export class CatalogStockValue1760000010510 implements MigrationInterface {
  readonly name = 'CatalogStockValue1760000010510';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE catalog.variants
        ADD COLUMN cost_amount bigint CONSTRAINT variants_cost_check CHECK (cost_amount >= 0),
        ADD COLUMN cost_currency text,
        ADD CONSTRAINT variants_cost_whole_check CHECK ((cost_amount IS NULL) = (cost_currency IS NULL));

      -- What was there at the first look of a day of UTC; written once.
      CREATE TABLE catalog.stock_values (
        day date NOT NULL,
        location text NOT NULL,
        currency text NOT NULL,
        title text NOT NULL,
        variants bigint NOT NULL,
        without_cost bigint NOT NULL,
        without_price bigint NOT NULL,
        on_hand bigint NOT NULL,
        allocated bigint NOT NULL,
        at_cost bigint NOT NULL,
        at_price bigint NOT NULL,
        CONSTRAINT stock_values_pk PRIMARY KEY (day, location, currency)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE catalog.stock_values;
      ALTER TABLE catalog.variants DROP CONSTRAINT variants_cost_whole_check, DROP COLUMN cost_currency, DROP COLUMN cost_amount;
    `);
  }
}
