import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Prices for some: for a group, from a quantity on, for a while. */
export class CatalogPriceLists1760000010110 implements MigrationInterface {
  readonly name = 'CatalogPriceLists1760000010110';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE catalog.price_lists (
        id uuid CONSTRAINT price_lists_pk PRIMARY KEY,
        code text NOT NULL CONSTRAINT price_lists_code_key UNIQUE,
        title text NOT NULL,
        currency char(3) NOT NULL,
        -- Codes of customer groups; NULL is everybody.
        groups text[] CONSTRAINT price_lists_groups_check CHECK (cardinality(groups) > 0),
        -- From the first moment on, up to and without the second. Whether a list holds is asked of the clock by whoever
        -- reads a price; nothing is written when it begins or ends.
        valid_from timestamptz,
        valid_until timestamptz,
        priority int NOT NULL DEFAULT 0,
        status text NOT NULL DEFAULT 'draft' CONSTRAINT price_lists_status_check CHECK (status IN ('draft', 'active', 'archived')),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL,
        CONSTRAINT price_lists_window_check CHECK (valid_until > valid_from)
      );

      -- What a list has said since when, and by whom: a price of last week is found by the terms of last week.
      CREATE TABLE catalog.price_list_terms (
        id uuid CONSTRAINT price_list_terms_pk PRIMARY KEY,
        price_list_id uuid NOT NULL CONSTRAINT price_list_terms_list_fk REFERENCES catalog.price_lists (id),
        since timestamptz NOT NULL,
        groups text[],
        valid_from timestamptz,
        valid_until timestamptz,
        priority int NOT NULL,
        status text NOT NULL,
        set_by text NOT NULL
      );
      CREATE INDEX price_list_terms_list ON catalog.price_list_terms (price_list_id, id);
      CREATE TRIGGER price_list_terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalog.price_list_terms
        FOR EACH STATEMENT EXECUTE FUNCTION catalog.refuse_change();

      -- The newest row of a variant, currency, list and quantity is its entry; one without an amount ends it.
      ALTER TABLE catalog.prices ALTER amount DROP NOT NULL,
        ADD price_list_id uuid CONSTRAINT prices_list_fk REFERENCES catalog.price_lists (id),
        ADD min_quantity int NOT NULL DEFAULT 1 CONSTRAINT prices_min_quantity_check CHECK (min_quantity >= 1),
        ADD CONSTRAINT prices_base_check CHECK (price_list_id IS NOT NULL OR (amount IS NOT NULL AND min_quantity = 1)),
        ADD CONSTRAINT prices_end_check CHECK (amount IS NOT NULL OR compare_at IS NULL);
      CREATE INDEX prices_list ON catalog.prices (price_list_id, variant_id, min_quantity, id DESC) WHERE price_list_id IS NOT NULL;

      -- Present entries by currency, {"EUR": [{"list": "…", "from": 10, "amount": 1799, "compareAt": null}]}: written in the
      -- transaction that appends to catalog.prices. NULL for the many that no list names; they cost pages and carts nothing.
      ALTER TABLE catalog.variants ADD offers jsonb;
      -- Some variant of the item has entries: its prices are asked for when the item is read.
      ALTER TABLE catalog.list_items ADD listed boolean NOT NULL DEFAULT false;
    `);
    await queryRunner.query(ADD_FIELDS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    // A version without lists knows base prices alone; what the lists said goes.
    await queryRunner.query(REMOVE_FIELDS);
    await queryRunner.query(WRITE_LISTED);
    await queryRunner.query(`
      ALTER TABLE catalog.list_items DROP COLUMN listed;
      ALTER TABLE catalog.variants DROP COLUMN offers;
      ALTER TABLE catalog.prices DISABLE TRIGGER prices_append_only;
      DELETE FROM catalog.prices WHERE price_list_id IS NOT NULL;
      ALTER TABLE catalog.prices ENABLE TRIGGER prices_append_only;
      ALTER TABLE catalog.prices DROP COLUMN price_list_id, DROP COLUMN min_quantity, ALTER amount SET NOT NULL,
        DROP CONSTRAINT IF EXISTS prices_base_check, DROP CONSTRAINT prices_end_check;
      DROP TABLE catalog.price_list_terms, catalog.price_lists;
    `);
  }
}

/** Ready items tell the lowest price before a reduction; until now there were base prices alone. Tiers there were none. */
const ADD_FIELDS = `
  UPDATE catalog.list_items i SET variants = (
    SELECT coalesce(array_agg(left(u.text, -length(',"available":')) || ', "lowestPrice30Days" : ' ||
      CASE WHEN l.amount IS NULL THEN 'null' ELSE json_build_object('amount', l.amount, 'currency', i.currency)::text END || ', "tiers" : [],"available":'
      ORDER BY u.n), '{}')
    FROM unnest(i.variant_ids, i.variants) WITH ORDINALITY u (id, text, n) LEFT JOIN LATERAL (
      WITH steps AS (
        SELECT amount, compare_at IS NOT NULL AS reduced, valid_from AS at, lead(valid_from, 1, 'infinity') OVER (ORDER BY id) AS until
        FROM catalog.prices p WHERE p.variant_id = u.id AND p.currency = i.currency::bpchar
      ),
      began AS (
        SELECT max(until) AS at FROM steps WHERE NOT reduced OR amount <> (SELECT amount FROM steps ORDER BY at DESC, until DESC LIMIT 1)
      )
      SELECT min(s.amount) AS amount FROM steps s, began b WHERE s.at < b.at AND s.until > b.at - interval '30 days'
    ) l ON EXISTS (SELECT FROM catalog.variants v WHERE v.id = u.id AND v.prices->i.currency->>'compareAt' IS NOT NULL))`;
const REMOVE_FIELDS = `
  UPDATE catalog.list_items SET variants = (
    SELECT coalesce(array_agg(regexp_replace(u.text, ', "lowestPrice30Days" : .*$', ',"available":') ORDER BY u.n), '{}')
    FROM unnest(variants) WITH ORDINALITY u (text, n))`;
/** Items that a list named have their variants again, at the base price. */
const WRITE_LISTED = `
  UPDATE catalog.list_items i SET variant_ids = coalesce(l.ids, '{}'), variants = coalesce(l.texts, '{}')
  FROM catalog.list_items o CROSS JOIN LATERAL (
    SELECT array_agg(v.id ORDER BY v.position, v.id) AS ids,
      array_agg(left(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options, 'mediaId', v.media_id,
        'price', CASE WHEN v.prices->o.currency->>'amount' IS NOT NULL
          THEN json_build_object('amount', v.prices->o.currency->'amount', 'currency', o.currency) END,
        'compareAtPrice', CASE WHEN v.prices->o.currency->>'compareAt' IS NOT NULL
          THEN json_build_object('amount', v.prices->o.currency->'compareAt', 'currency', o.currency) END
        )::text, -1) || ',"available":' ORDER BY v.position, v.id) AS texts
    FROM (
      SELECT * FROM catalog.variants v WHERE v.product_id = o.product_id AND NOT v.retired
      ORDER BY v.position, v.id LIMIT 10) v
  ) l
  WHERE o.listed AND i.product_id = o.product_id AND i.currency = o.currency`;
