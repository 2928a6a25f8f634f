import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { rows } from './sql.js';

interface Page {
  body: string;
  etag: string;
}

/** A product as JSON text, made by the database: nothing is cheaper. */
const PRODUCT = `json_build_object('id', p.id, 'handle', p.handle, 'title', p.title, 'brand', p.brand,
  'variants', (SELECT json_agg(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title,
      'price', json_build_object('amount', v.amount, 'currency', v.currency),
      'available', s.on_hand - s.reserved - s.allocated))
    FROM variants v JOIN stock s ON s.variant_id = v.id WHERE v.product_id = p.id))`;

const LIST = `
  SELECT json_build_object('items', json_agg(${PRODUCT} ORDER BY p.position), 'nextCursor', max(p.position)::text)::text AS body
  FROM (SELECT * FROM products WHERE position > $1 ORDER BY position LIMIT 24) p`;

const DETAIL = `SELECT ${PRODUCT}::text AS body FROM products p WHERE p.handle = $1`;

/** At most two thousand candidates are ranked, as the product does. */
const CANDIDATES = `
  SELECT id, position, brand, words FROM products WHERE words @@ websearch_to_tsquery('english', $1) LIMIT 2000`;
const BEST = `
  SELECT p.*, rank FROM (
    SELECT id, ts_rank_cd(words, websearch_to_tsquery('english', $1)) AS rank FROM candidates
    ORDER BY rank DESC, position LIMIT 24) best JOIN products p USING (id)`;
const SEARCH = `
  WITH candidates AS MATERIALIZED (${CANDIDATES})
  SELECT json_build_object('items', coalesce(json_agg(${PRODUCT} ORDER BY p.rank DESC, p.position), '[]'))::text AS body
  FROM (${BEST}) p`;

/** Brands and price bands of everything that matches, up to ten thousand products. */
const SEARCH_WITH_FACETS = `
  WITH matches AS MATERIALIZED (
    SELECT id, position, brand, words FROM products WHERE words @@ websearch_to_tsquery('english', $1) LIMIT 10000),
  candidates AS (SELECT * FROM matches LIMIT 2000)
  SELECT json_build_object(
    'items', (SELECT coalesce(json_agg(${PRODUCT} ORDER BY p.rank DESC, p.position), '[]') FROM (${BEST}) p),
    'facets', json_build_array(
      json_build_object('code', 'brand', 'values', (
        SELECT json_agg(json_build_object('value', brand, 'count', n)) FROM (
          SELECT brand, count(*) AS n FROM matches GROUP BY brand ORDER BY n DESC, brand LIMIT 20) b)),
      json_build_object('code', 'price', 'values', (
        SELECT json_agg(json_build_object('value', band, 'count', n)) FROM (
          SELECT lowest / 1000 AS band, count(*) AS n
          FROM (SELECT min(amount) AS lowest FROM matches m JOIN variants v ON v.product_id = m.id GROUP BY m.id) prices
          GROUP BY band ORDER BY band) b))))::text AS body`;

/** Reads of the catalog: one statement each, or a ready body with its ETag when there is a memory. */
export function catalogRoutes(app: FastifyInstance, pool: Pool, memory: Map<string, Page> | null): void {
  const answer = async (url: string, reply: FastifyReply, make: () => Promise<{ body: string }[]>) => {
    let page = memory?.get(url);
    if (page === undefined) {
      const [made] = await make();
      if (made === undefined) return reply.code(404).send();
      const etag = `"${createHash('sha256').update(made.body).digest('base64url').slice(0, 22)}"`;
      page = { body: made.body, etag };
      memory?.set(url, page);
    }
    void reply.header('etag', page.etag);
    if (reply.request.headers['if-none-match'] === page.etag) return reply.code(304).send();
    return reply.header('content-type', 'application/json; charset=utf-8').send(page.body);
  };

  app.get<{ Querystring: { q?: string; cursor?: string; facets?: string } }>(
    '/v1/products',
    (request, reply) => {
      const { q, cursor = '0', facets } = request.query;
      return answer(request.url, reply, () => {
        if (q === undefined) return rows(pool, 'list', LIST, [Number(cursor)]);
        return facets ? rows(pool, 'facets', SEARCH_WITH_FACETS, [q]) : rows(pool, 'search', SEARCH, [q]);
      });
    },
  );
  app.get<{ Params: { handle: string } }>('/v1/products/:handle', (request, reply) =>
    answer(request.url, reply, () => rows(pool, 'detail', DETAIL, [request.params.handle])),
  );
}
