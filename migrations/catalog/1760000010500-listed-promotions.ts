import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What pages show of promotions: the catalog's own copy of what ordering has told. */
export class CatalogListedPromotions1760000010500 implements MigrationInterface {
  readonly name = 'CatalogListedPromotions1760000010500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- terms is null for one that is not shown any more: its version stays, so that a late fact cannot bring it back.
      CREATE TABLE catalog.listed_promotions (
        promotion_id uuid NOT NULL CONSTRAINT listed_promotions_pk PRIMARY KEY,
        version int NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        terms jsonb
      );
      CREATE INDEX listed_promotions_shown ON catalog.listed_promotions (promotion_id) WHERE terms IS NOT NULL;
      CREATE TABLE catalog.listed_promotion_mode (
        one boolean NOT NULL DEFAULT true CONSTRAINT listed_promotion_mode_pk PRIMARY KEY
          CONSTRAINT listed_promotion_mode_one_check CHECK (one),
        mode text NOT NULL CONSTRAINT listed_promotion_mode_check CHECK (mode IN ('stack', 'best')),
        version int NOT NULL
      );
      INSERT INTO catalog.listed_promotion_mode (mode, version) VALUES ('stack', 0)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE catalog.listed_promotion_mode, catalog.listed_promotions');
  }
}
