/**
 * The least tables that a right purchase needs. Nothing of the product's is shared: the yardstick must stay what it
 * is when the product's schema grows.
 */
export const yardstickSchema = `
  CREATE TABLE products (
    id uuid PRIMARY KEY, position int NOT NULL UNIQUE, handle text NOT NULL UNIQUE, title text NOT NULL, brand text NOT NULL,
    description text NOT NULL, words tsvector NOT NULL
  );
  CREATE TABLE variants (
    id uuid PRIMARY KEY, product_id uuid NOT NULL, sku text NOT NULL UNIQUE, title text NOT NULL, amount bigint NOT NULL,
    currency char(3) NOT NULL
  );
  CREATE TABLE stock (
    variant_id uuid PRIMARY KEY, on_hand int NOT NULL, reserved int NOT NULL DEFAULT 0, allocated int NOT NULL DEFAULT 0,
    CHECK (reserved >= 0 AND allocated >= 0 AND on_hand - reserved - allocated >= 0)
  ) WITH (fillfactor = 80);
  CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, variant_id uuid NOT NULL, kind text NOT NULL, quantity int NOT NULL,
    order_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE carts (
    id uuid PRIMARY KEY, token_hash bytea NOT NULL, currency char(3) NOT NULL, email text,
    state text NOT NULL DEFAULT 'active', version int NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE cart_lines (
    id uuid PRIMARY KEY, cart_id uuid NOT NULL, variant_id uuid NOT NULL, quantity int NOT NULL, UNIQUE (cart_id, variant_id)
  );
  CREATE TABLE idempotency_keys (
    scope text, key text, fingerprint bytea NOT NULL, status int, body text, locked_until timestamptz,
    PRIMARY KEY (scope, key)
  );
  CREATE SEQUENCE order_numbers;
  CREATE TABLE orders (
    id uuid PRIMARY KEY, number bigint NOT NULL DEFAULT nextval('order_numbers') UNIQUE, cart_id uuid NOT NULL UNIQUE,
    status text NOT NULL, payment_status text NOT NULL, email text, address jsonb, total bigint NOT NULL, tax bigint NOT NULL,
    currency char(3) NOT NULL, placed_at timestamptz
  );
  CREATE TABLE order_lines (
    id uuid PRIMARY KEY, order_id uuid NOT NULL, variant_id uuid NOT NULL, sku text NOT NULL, title text NOT NULL,
    quantity int NOT NULL, unit bigint NOT NULL, tax bigint NOT NULL, total bigint NOT NULL
  );
  CREATE INDEX ON order_lines (order_id);
  CREATE TABLE payments (
    id uuid PRIMARY KEY, order_id uuid NOT NULL, status text NOT NULL, amount bigint NOT NULL, captured bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX ON payments (order_id);
  CREATE TABLE operations (id uuid PRIMARY KEY, payment_id uuid NOT NULL, kind text NOT NULL, status text NOT NULL, ref text);
  CREATE INDEX ON operations (payment_id);
  CREATE TABLE ledger_transactions (
    id uuid PRIMARY KEY, kind text NOT NULL, source_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, source_id)
  );
  CREATE TABLE ledger_entries (transaction_id uuid NOT NULL, account text NOT NULL, amount bigint NOT NULL, currency char(3) NOT NULL);
  CREATE INDEX ON ledger_entries (transaction_id);
  CREATE TABLE events (
    id uuid PRIMARY KEY, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), done_at timestamptz
  );
  CREATE INDEX ON events (at) WHERE done_at IS NULL;
`;

/** Fills the tables from `made`, the same products that the product is given. */
export const yardstickFill = `
  INSERT INTO products (id, position, handle, title, brand, description, words)
    SELECT gen_random_uuid(), n, handle, title, brand, description,
           setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', brand), 'B')
             || setweight(to_tsvector('english', description), 'C')
      FROM made;
  CREATE INDEX ON products USING gin (words);
  CREATE INDEX ON products (brand);
  INSERT INTO variants (id, product_id, sku, title, amount, currency)
    SELECT gen_random_uuid(), p.id, 'sku-' || p.position || '-' || size, CASE size WHEN 1 THEN 'S' ELSE 'M' END,
           made.amount, 'EUR'
      FROM products p JOIN made ON made.n = p.position, generate_series(1, 2) size;
  CREATE INDEX ON variants (product_id);
  INSERT INTO stock (variant_id, on_hand) SELECT id, 100000000 FROM variants;
`;
