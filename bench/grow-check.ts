import pg from 'pg';
import { fetch } from 'undici';

/** What a product is made of, table by table; what every product has of its own is left out. */
const SNAPSHOT = `
  SELECT json_build_object(
    'product', (SELECT to_jsonb(p) - '{position,version,created_at,updated_at,published_at}'::text[] FROM catalog.products p WHERE id = $1),
    'variants', (SELECT jsonb_agg(to_jsonb(v) - 'version' ORDER BY position) FROM catalog.variants v WHERE product_id = $1),
    'prices', (SELECT jsonb_agg(to_jsonb(r) - '{id,valid_from,set_by}'::text[]) FROM catalog.prices r
      WHERE variant_id IN (SELECT id FROM catalog.variants WHERE product_id = $1)),
    'stock', (SELECT jsonb_agg(to_jsonb(s) - 'id') FROM catalog.stock s
      WHERE variant_id IN (SELECT id FROM catalog.variants WHERE product_id = $1)),
    'movements', (SELECT jsonb_agg(to_jsonb(m) - '{id,stock_id,position,at,actor,reason}'::text[]) FROM catalog.stock_movements m
      JOIN catalog.stock s ON s.id = m.stock_id JOIN catalog.variants v ON v.id = s.variant_id WHERE v.product_id = $1),
    'categories', (SELECT jsonb_agg(to_jsonb(c)) FROM catalog.product_categories c WHERE product_id = $1),
    'document', (SELECT to_jsonb(d) - '{position,created_at}'::text[] FROM catalog.search_documents d WHERE product_id = $1),
    'lowest', (SELECT jsonb_agg(to_jsonb(l)) FROM catalog.search_prices l WHERE product_id = $1),
    'items', (SELECT jsonb_agg(to_jsonb(i) ORDER BY currency) FROM catalog.list_items i WHERE product_id = $1)
  )::text AS rows`;

interface Made {
  id: string;
  handle: string;
  sku: string;
}

/**
 * Makes some of the products again over HTTP and holds every row of them against what was filled in. Throws at the first
 * difference: a catalog that the shop would not have made says nothing about the shop.
 */
export async function sameAsMade(shop: string, databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const numbers = [11, 502, 7_003];
  try {
    const token = await signIn(shop);
    for (const n of numbers) {
      const handle = `p-${n}`;
      const { rows } = await client.query<{ id: string; sku: string; body: object }>(BODY, [handle]);
      const [filled] = rows;
      if (!filled) continue;
      const before = await rowsOf(client, { ...filled, handle });
      // Its names are free for the other while the two are compared.
      await client.query(RENAME, [filled.id, '-filled']);
      const again = await post(`${shop}/v1/admin/products`, filled.body, token);
      const after = await rowsOf(client, { id: String(again.id), handle, sku: filled.sku });
      await client.query('UPDATE catalog.products SET handle = id::text WHERE id = $1', [again.id]);
      await client.query('UPDATE catalog.variants SET sku = id::text WHERE product_id = $1', [again.id]);
      await client.query(RENAME, [filled.id, '']);
      await fetch(`${shop}/v1/admin/products/${String(again.id)}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"status":"archived"}',
      });
      if (before !== after)
        throw new Error(`Product ${n} is filled otherwise than the shop makes it:\n${before}\n${after}`);
    }
    return `${numbers.length} products, made again over HTTP, have the very rows that were filled in.`;
  } finally {
    await client.end();
  }
}

const BODY = `
  SELECT p.id, v.sku, json_build_object('handle', p.handle, 'title', p.title, 'description', p.description, 'brand', p.brand,
    'status', p.status, 'attributes', p.attributes,
    'categories', (SELECT json_agg(c.handle) FROM catalog.product_categories pc JOIN catalog.categories c ON c.id = pc.category_id
      WHERE pc.product_id = p.id),
    'variants', json_build_array(json_build_object('sku', v.sku, 'title', v.title,
      'prices', json_build_array(json_build_object('amount', v.prices #> '{EUR,amount}', 'currency', 'EUR')),
      'stock', (SELECT json_agg(json_build_object('location', 'main', 'onHand', s.on_hand)) FROM catalog.stock s WHERE s.variant_id = v.id)))) AS body
  FROM catalog.products p JOIN catalog.variants v ON v.product_id = p.id WHERE p.handle = $1`;

const RENAME = `
  WITH renamed AS (
    UPDATE catalog.products SET handle = split_part(handle, '-filled', 1) || $2::text WHERE id = $1::uuid RETURNING id)
  UPDATE catalog.variants v SET sku = split_part(sku, '-filled', 1) || $2::text FROM renamed r WHERE v.product_id = r.id`;

/** The rows as text, ids by what they are of. */
async function rowsOf(client: pg.Client, { id }: Made): Promise<string> {
  const { rows } = await client.query<{ rows: string }>(SNAPSHOT, [id]);
  const variants = await client.query<{ id: string }>(
    'SELECT id FROM catalog.variants WHERE product_id = $1 ORDER BY position',
    [id],
  );
  return variants.rows.reduce(
    (text, variant, n) => text.replaceAll(variant.id, `variant ${n}`),
    (rows[0]?.rows ?? '').replaceAll(id, 'product'),
  );
}

async function signIn(shop: string): Promise<string> {
  const { accessToken } = await post(`${shop}/v1/auth/login`, {
    email: 'bench@shop.test',
    password: 'four random words are good',
  });
  return String(accessToken);
}

async function post(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
