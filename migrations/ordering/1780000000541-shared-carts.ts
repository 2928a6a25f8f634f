import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links by which somebody shows a cart to others. */
export class OrderingSharedCarts1780000000541 implements MigrationInterface {
  readonly name = 'OrderingSharedCarts1780000000541';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ordering.cart_shares (
        id uuid NOT NULL CONSTRAINT cart_shares_pk PRIMARY KEY,
        cart_id uuid NOT NULL CONSTRAINT cart_shares_cart_fk REFERENCES ordering.carts (id) ON DELETE CASCADE,
        -- SHA-256 of what the link holds; the token itself is nowhere.
        token_hash bytea NOT NULL CONSTRAINT cart_shares_token_key UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT cart_shares_expires_check CHECK (expires_at > created_at)
      );
      CREATE INDEX cart_shares_cart ON ordering.cart_shares (cart_id, id);
      CREATE INDEX cart_shares_expires ON ordering.cart_shares (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ordering.cart_shares');
  }
}
