import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import { adminConditions, type ProductFilter } from '../product/product.repository.js';
import { productJson } from '../product/product.json.js';
import { recordSql } from '../import/product-record.js';
import type { ProductExportDto, ExportFilterDto, ExportFormat } from './export.dto.js';
import type { ExportPlan } from './writers.js';

export interface NewExport {
  id: string;
  format: ExportFormat;
  filter: ExportFilterDto;
  currency: string;
  linkTemplate: string | null;
  feedId: string | null;
  requestedBy: string | null;
}

/** What a worker has to know: also where the one before it stopped. */
export interface HeldExport extends Omit<NewExport, 'requestedBy'> {
  plan: ExportPlan | null;
  afterId: string | null;
  parts: number;
  digest: Buffer | null;
  attempts: number;
}

export interface Part {
  products: number;
  /** Those that the format has nothing to say of. */
  skipped: number;
  rows: number;
  bytes: number;
  /** The last product in it. */
  afterId: string | null;
  digest: Buffer;
}

/** What there is to be read. */
export interface StoredExport {
  id: string;
  format: ExportFormat;
  parts: number;
  bytes: number;
  digest: Buffer;
}

/** How long a worker may be silent before another one takes the export over. */
const LEASE = '30 s';

/** Exports and how far they are; and the products that they are made of. */
@Injectable()
export class ExportRepository {
  constructor(private readonly database: Database) {}

  async add(job: NewExport, createdAt: Date): Promise<void> {
    const { id, format, filter, currency, linkTemplate, feedId, requestedBy } = job;
    await this.database.execute(
      `INSERT INTO catalog.exports (id, format, filter, currency, link_template, feed_id, requested_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, format, JSON.stringify(filter), currency, linkTemplate, feedId, requestedBy, createdAt],
    );
  }

  async find(id: string): Promise<ProductExportDto | null> {
    const [row] = await this.database.query<{ json: ProductExportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.exports e WHERE id = $1 AND feed_id IS NULL`,
      [id],
    );
    return row?.json ?? null;
  }

  /** Those of these that there are. */
  async several(ids: string[]): Promise<ProductExportDto[]> {
    const rows = await this.database.query<{ json: ProductExportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.exports e WHERE id = ANY ($1::uuid[])`,
      [ids],
    );
    return rows.map(({ json }) => json);
  }

  async list(after: string | null, limit: number): Promise<ProductExportDto[]> {
    const rows = await this.database.query<{ json: ProductExportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.exports e WHERE feed_id IS NULL AND ($1::uuid IS NULL OR id < $1)
       ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
    return rows.map(({ json }) => json);
  }

  /** The file of an export that has finished; null when there is none, or not any more. */
  async stored(id: string): Promise<StoredExport | null> {
    const [row] = await this.database.query<StoredExport>(`${STORED} WHERE id = $1 AND state = 'finished'`, [
      id,
    ]);
    return row ?? null;
  }

  /** The newest file of a feed. */
  async storedOf(feedId: string): Promise<StoredExport | null> {
    const [row] = await this.database.query<StoredExport>(
      `${STORED} WHERE feed_id = $1 AND state = 'finished' ORDER BY id DESC LIMIT 1`,
      [feedId],
    );
    return row ?? null;
  }

  /** Takes an export for this worker; null when it is over, or another worker is at it. */
  async claim(id: string, worker: string, now: Date): Promise<HeldExport | null> {
    const [job] = await this.database.query<HeldExport>(CLAIM, [id, worker, now]);
    return job ?? null;
  }

  /** What is decided at the beginning, once; what an earlier worker has decided stays. */
  async begin(job: HeldExport, worker: string, plan: Omit<ExportPlan, 'currencies' | 'locations' | 'kept'>) {
    const values: unknown[] = [];
    const conditions = conditionsOf(job, values).join(' AND ');
    const [facts] = await this.database.query<
      Pick<ExportPlan, 'currencies' | 'locations' | 'kept'> & { total: number }
    >(
      `WITH chosen AS MATERIALIZED (SELECT p.id FROM catalog.products p WHERE ${conditions})
       SELECT ${FACTS[job.format]}, (SELECT count(*)::int FROM chosen) AS total`,
      values,
    );
    const { total = 0, currencies = [], locations = [], kept = [] } = facts ?? {};
    const whole: ExportPlan = { ...plan, currencies, locations, kept };
    await this.database.execute(
      'UPDATE catalog.exports SET plan = $3, total = $4 WHERE id = $1 AND worker = $2 AND plan IS NULL',
      [job.id, worker, JSON.stringify(whole), total],
    );
    return whole;
  }

  /**
   * The next products behind one, by id, each with what its format is made of. One statement sees one moment: every
   * product is whole, but the next page may be of a later moment.
   */
  page(job: HeldExport, after: string | null, limit: number, base: string, now: Date) {
    const values: unknown[] =
      job.format === 'merchant_feed' ? [base, limit, job.currency, now] : [base, limit];
    const conditions = conditionsOf(job, values);
    if (after !== null) conditions.push(`p.id > $${values.push(after)}`);
    const content = job.format === 'merchant_feed' ? FEED_PRODUCT : recordSql('$1::text');
    return this.database.query<{ id: string; product: unknown }>(
      `SELECT p.id, ${content} AS product FROM catalog.products p WHERE ${conditions.join(' AND ')} ORDER BY p.id LIMIT $2`,
      values,
    );
  }

  /** Keeps the lease; false when the export was canceled or taken over meanwhile. */
  async renew(id: string, worker: string): Promise<boolean> {
    return (await this.database.execute(RENEW, [id, worker])) === 1;
  }

  /** Notes that a part is kept; false when the export was canceled or taken over meanwhile. */
  async advance(id: string, worker: string, number: number, part: Part): Promise<boolean> {
    const { afterId, products, skipped, rows, bytes, digest } = part;
    const values = [id, worker, number, afterId, products, rows, bytes, digest, skipped];
    return (await this.database.execute(ADVANCE, values)) === 1;
  }

  async finish(id: string, worker: string, now: Date, expiresAt: Date | null): Promise<void> {
    await this.database.execute(FINISH, [id, worker, now, expiresAt]);
  }

  async fail(id: string, worker: string, failure: string, now: Date): Promise<void> {
    await this.database.execute(FAIL, [id, worker, failure, now]);
  }

  async cancel(id: string, now: Date): Promise<boolean> {
    const canceled = await this.database.execute(
      `UPDATE catalog.exports SET state = 'canceled', finished_at = $2
       WHERE id = $1 AND feed_id IS NULL AND state IN ('pending', 'running')`,
      [id, now],
    );
    return canceled === 1;
  }

  /** Exports whose worker has been silent for too long; they are left alone for another lease. */
  async abandoned(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE catalog.exports SET leased_until = now()
       WHERE state IN ('pending', 'running') AND leased_until < now() - '5 s'::interval RETURNING id`,
    );
    return rows.map(({ id }) => id);
  }

  /** Ends what is too old, and of each feed what a newer file has replaced some minutes ago. */
  async expire(now: Date): Promise<void> {
    await this.database.execute(EXPIRE, [now]);
  }

  /** Some whose parts may go, once nobody is writing them any more. */
  over(limit: number): Promise<{ id: string; parts: number }[]> {
    return this.database.query(
      `SELECT id, parts FROM catalog.exports WHERE NOT cleared AND state IN ('expired', 'canceled', 'failed')
         AND (leased_until IS NULL OR leased_until < now()) ORDER BY id LIMIT $1`,
      [limit],
    );
  }

  /** Their parts are gone; of a feed nothing is left. */
  async cleared(id: string): Promise<void> {
    await this.database.execute('UPDATE catalog.exports SET cleared = true WHERE id = $1', [id]);
    await this.database.execute(
      'DELETE FROM catalog.exports WHERE cleared AND id = $1 AND feed_id IS NOT NULL',
      [id],
    );
  }
}

/** The conditions of the filter; a feed has what shoppers see. */
function conditionsOf(
  { format, filter }: Pick<HeldExport, 'format' | 'filter'>,
  values: unknown[],
): string[] {
  const {
    status = null,
    category = null,
    brand = null,
    sku = null,
    externalId = null,
    productType = null,
  } = filter;
  const chosen: ProductFilter = { status, category, brand, sku, externalId, productType };
  if (format === 'merchant_feed') chosen.status = 'published';
  return adminConditions(chosen, values);
}

const CURRENCIES = `coalesce((
  SELECT array_agg(DISTINCT k ORDER BY k) FROM chosen c JOIN catalog.variants v ON v.product_id = c.id,
    jsonb_object_keys(v.prices) k), '{}') AS currencies,
  coalesce((SELECT array_agg(code ORDER BY priority, code) FROM catalog.locations), '{}') AS locations`;
const KEPT = `coalesce((
  SELECT array_agg(k ORDER BY k) FROM (
    SELECT DISTINCT k FROM chosen c JOIN catalog.products p USING (id),
      jsonb_object_keys(CASE jsonb_typeof(p.metadata->'shopify'->'columns') WHEN 'object'
        THEN p.metadata->'shopify'->'columns' ELSE '{}' END) k ORDER BY k LIMIT 500) k), '{}') AS kept`;
const NOTHING = `'{}'::text[] AS kept`;
const FACTS: Record<ExportFormat, string> = {
  ndjson: NOTHING,
  csv: CURRENCIES,
  shopify_csv: KEPT,
  merchant_feed: NOTHING,
};
const FEED_PRODUCT = `(${productJson({ currency: '$3::text', now: '$4::timestamptz', groups: "'{}'::text[]" }, '$1::text')}::jsonb
  || jsonb_build_object('barcodes', coalesce((
    SELECT jsonb_object_agg(v.id, v.barcode) FROM catalog.variants v WHERE v.product_id = p.id), '{}')))`;
const STORED = 'SELECT id, format, parts, bytes::float8 AS bytes, digest FROM catalog.exports';
const CLAIM = `
  UPDATE catalog.exports SET state = 'running', worker = $2, leased_until = now() + '${LEASE}'::interval,
    attempts = attempts + 1, started_at = coalesce(started_at, $3)
  WHERE id = $1 AND state IN ('pending', 'running') AND (leased_until IS NULL OR leased_until < now())
  RETURNING id, format, filter, currency, link_template AS "linkTemplate", feed_id AS "feedId", plan, after_id AS "afterId",
    parts, digest, attempts`;
const RENEW = `
  UPDATE catalog.exports SET leased_until = now() + '${LEASE}'::interval
  WHERE id = $1 AND worker = $2 AND state = 'running'`;
const ADVANCE = `
  UPDATE catalog.exports SET parts = $3 + 1, after_id = coalesce($4, after_id), products = products + $5, rows = rows + $6,
    bytes = bytes + $7, digest = $8, skipped = skipped + $9, attempts = 0, leased_until = now() + '${LEASE}'::interval
  WHERE id = $1 AND worker = $2 AND state = 'running' AND parts = $3`;
const FINISH = `
  UPDATE catalog.exports SET state = 'finished', finished_at = $3, expires_at = $4, leased_until = NULL
  WHERE id = $1 AND worker = $2 AND state = 'running'`;
const FAIL = `
  UPDATE catalog.exports SET state = 'failed', failure = $3, finished_at = $4, leased_until = NULL
  WHERE id = $1 AND worker = $2 AND state = 'running'`;
// Whoever began to load the file before has time to end.
const EXPIRE = `
  UPDATE catalog.exports e SET state = 'expired'
  WHERE state = 'finished' AND (expires_at < $1 OR (expires_at IS NULL AND (
    feed_id IS NULL OR EXISTS (
      SELECT FROM catalog.exports n WHERE n.feed_id = e.feed_id AND n.id > e.id AND n.state = 'finished'
        AND n.finished_at < $1::timestamptz - interval '15 minutes'))))`;
const JSON_OF = `json_build_object('id', e.id, 'format', e.format, 'state', e.state, 'filter', e.filter, 'currency', e.currency,
  'counts', json_build_object('total', e.total, 'products', e.products, 'skipped', e.skipped, 'rows', e.rows), 'bytes', e.bytes,
  'failure', e.failure, 'createdAt', ${instantSql('e.created_at')}, 'startedAt', ${instantSql('e.started_at')},
  'finishedAt', ${instantSql('e.finished_at')}, 'expiresAt', ${instantSql('e.expires_at')})`;
