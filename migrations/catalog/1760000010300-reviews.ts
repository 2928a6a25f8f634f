import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who bought what, and what customers say of it. */
export class CatalogReviews1760000010300 implements MigrationInterface {
  readonly name = 'CatalogReviews1760000010300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- What was heard of an order, in whatever order it was heard: its row is what the facts about it wait for.
      CREATE TABLE catalog.order_facts (
        order_id uuid CONSTRAINT order_facts_pk PRIMARY KEY,
        customer_id uuid,
        canceled boolean NOT NULL DEFAULT false
      );
      CREATE INDEX order_facts_customer ON catalog.order_facts (customer_id) WHERE customer_id IS NOT NULL;

      -- A product that was bought with an order; quantities and variants are ordering's.
      CREATE TABLE catalog.purchases (
        order_id uuid NOT NULL,
        product_id uuid NOT NULL,
        -- NULL: a guest, or somebody who was erased.
        customer_id uuid,
        placed_at timestamptz NOT NULL,
        CONSTRAINT purchases_pk PRIMARY KEY (order_id, product_id)
      );
      CREATE INDEX purchases_product ON catalog.purchases (product_id, placed_at DESC) INCLUDE (order_id);
      CREATE INDEX purchases_customer ON catalog.purchases (customer_id, product_id) WHERE customer_id IS NOT NULL;

      CREATE TABLE catalog.reviews (
        id uuid CONSTRAINT reviews_pk PRIMARY KEY,
        product_id uuid NOT NULL CONSTRAINT reviews_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        -- NULL: somebody who was erased; the rating is all that is left then.
        customer_id uuid,
        rating smallint NOT NULL CONSTRAINT reviews_rating_check CHECK (rating BETWEEN 1 AND 5),
        title text,
        body text,
        display_name text,
        verified boolean NOT NULL,
        status text NOT NULL DEFAULT 'pending'
          CONSTRAINT reviews_status_check CHECK (status IN ('pending', 'published', 'rejected')),
        reason text,
        reply text,
        replied_at timestamptz,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT reviews_customer_key UNIQUE (customer_id, product_id),
        CONSTRAINT reviews_reason_check CHECK ((status = 'rejected') = (reason IS NOT NULL))
      );
      CREATE INDEX reviews_shown ON catalog.reviews (product_id, id) WHERE status = 'published';
      CREATE INDEX reviews_shown_by_rating ON catalog.reviews (product_id, rating, id) WHERE status = 'published';
      CREATE INDEX reviews_status ON catalog.reviews (status, id);
      CREATE INDEX reviews_product ON catalog.reviews (product_id, id);

      -- How many published reviews gave so many stars. Moves with the decision, in its transaction.
      CREATE TABLE catalog.ratings (
        product_id uuid CONSTRAINT ratings_pk PRIMARY KEY
          CONSTRAINT ratings_product_fk REFERENCES catalog.products (id) ON DELETE CASCADE,
        n1 int NOT NULL DEFAULT 0,
        n2 int NOT NULL DEFAULT 0,
        n3 int NOT NULL DEFAULT 0,
        n4 int NOT NULL DEFAULT 0,
        n5 int NOT NULL DEFAULT 0,
        CONSTRAINT ratings_check CHECK (least(n1, n2, n3, n4, n5) >= 0)
      ) WITH (fillfactor = 90);

      -- How often a customer has written on one day, which is a number of days since 1970.
      CREATE TABLE catalog.review_days (
        customer_id uuid CONSTRAINT review_days_pk PRIMARY KEY,
        day int NOT NULL,
        written int NOT NULL
      );

      -- Lists show the rating as well; nothing has one yet.
      UPDATE catalog.list_items SET head = left(head, -length(',"variants":[')) || ', "rating" : null,"variants":[';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE catalog.list_items
      SET head = regexp_replace(head, ', "rating" : (null|[{][^}]*[}]),"variants":\\[$', ',"variants":[');
      DROP TABLE catalog.review_days, catalog.ratings, catalog.reviews, catalog.purchases, catalog.order_facts;
    `);
  }
}
