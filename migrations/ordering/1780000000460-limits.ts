import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The day that a line was promised for, and how many pieces of a limited variant each customer has bought. */
export class OrderingLimits1780000000460 implements MigrationInterface {
  readonly name = 'OrderingLimits1780000000460';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE ordering.order_lines ADD COLUMN promised_for timestamptz;

      -- Buyers are keyed hashes: of the account, and of the address.
      CREATE TABLE ordering.bought_pieces (
        variant_id uuid NOT NULL,
        buyer bytea NOT NULL,
        quantity int NOT NULL CONSTRAINT bought_pieces_quantity_check CHECK (quantity >= 0),
        CONSTRAINT bought_pieces_pk PRIMARY KEY (variant_id, buyer)
      );
      CREATE INDEX bought_pieces_buyer ON ordering.bought_pieces (buyer);
      -- What an order has put into them; when it comes to nothing it is counted no more.
      CREATE TABLE ordering.limit_claims (
        order_id uuid NOT NULL CONSTRAINT limit_claims_order_fk REFERENCES ordering.orders (id) ON DELETE CASCADE,
        variant_id uuid NOT NULL,
        buyer bytea NOT NULL,
        quantity int NOT NULL CONSTRAINT limit_claims_quantity_check CHECK (quantity > 0),
        counted boolean NOT NULL DEFAULT true,
        CONSTRAINT limit_claims_pk PRIMARY KEY (order_id, variant_id, buyer)
      );
      CREATE INDEX limit_claims_buyer ON ordering.limit_claims (buyer);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE ordering.limit_claims, ordering.bought_pieces;
      ALTER TABLE ordering.order_lines DROP COLUMN promised_for;
    `);
  }
}
