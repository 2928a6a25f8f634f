import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { availabilitySql } from '../product/availability.js';

/** Somebody who waits; the address is sealed. */
export interface Waiting {
  id: string;
  variantId: string;
  hash: Buffer;
  address: Buffer;
}

export interface NewWaiting extends Waiting {
  keyId: string;
  customerId: string | null;
  tokenHash: Buffer;
  at: Date;
}

/** What letters say of a variant that is in the shop. */
export interface WantedVariant {
  handle: string;
  title: string;
  variantTitle: string;
  available: number;
}

export interface OwnNotice {
  id: string;
  variantId: string;
  productId: string;
  title: string;
  variantTitle: string;
  createdAt: Date;
}

export interface NoticeCount {
  variantId: string;
  sku: string;
  title: string;
  waiting: number;
  told: number;
}

@Injectable()
export class StockNoticeRepository {
  constructor(private readonly database: Database) {}

  /** Null when the shop does not show it. */
  async variant(id: string, now: Date): Promise<WantedVariant | null> {
    const [row] = await this.database.query<WantedVariant>(VARIANT, [id, now]);
    return row ?? null;
  }

  /** Counts one try; seconds to wait, 0 lets it through. */
  async count(bucket: Buffer, most: number, seconds: number): Promise<number> {
    const [row] = await this.database.query<{ used: number; wait: number }>(COUNT, [bucket, seconds]);
    return row && row.used > most ? row.wait : 0;
  }

  async dropOldCounts(): Promise<void> {
    await this.database.execute(
      `DELETE FROM catalog.subscription_quotas WHERE began_at < now() - interval '2 days'`,
    );
  }

  /** False when the same waits for the same already. */
  async add(one: NewWaiting): Promise<boolean> {
    const { id, variantId, hash, address, keyId, customerId, tokenHash, at } = one;
    const values = [id, variantId, hash, address, keyId, customerId, tokenHash, at];
    return (await this.database.execute(ADD, values)) === 1;
  }

  async waitingOf(hashes: Buffer[]): Promise<number> {
    const [row] = await this.database.query<{ n: number }>(WAITING_OF, [hashes]);
    return row?.n ?? 0;
  }

  /** Variants that somebody waits for, a page in the order of ids, and whether there is any of them now. */
  awaited(
    after: string | null,
    limit: number,
    now: Date,
  ): Promise<{ variantId: string; isThere: boolean }[]> {
    return this.database.query(AWAITED, [after, now, limit]);
  }

  /** In a transaction: nobody else tells those who wait for this variant meanwhile. */
  async lock(variantId: string): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock(4711030, hashtext($1))', [variantId]);
  }

  /** Some who wait for a variant, all of an address together. */
  some(variantId: string, limit: number): Promise<Waiting[]> {
    return this.database.query<Waiting>(SOME, [variantId, limit]);
  }

  /** They are told; what is left of them says nothing of anybody. */
  async told(ids: string[], at: Date): Promise<void> {
    await this.database.execute(TOLD, [ids, at]);
  }

  async dropByToken(tokenHash: Buffer): Promise<void> {
    await this.database.execute('DELETE FROM catalog.stock_subscriptions WHERE token_hash = $1', [tokenHash]);
  }

  async dropOwn(id: string, customerId: string): Promise<boolean> {
    const dropped = await this.database.execute(
      `DELETE FROM catalog.stock_subscriptions WHERE id = $1 AND customer_id = $2 AND state = 'waiting'`,
      [id, customerId],
    );
    return dropped === 1;
  }

  /** A customer's own, the newest first. */
  own(customerId: string, after: string | null, limit: number): Promise<OwnNotice[]> {
    return this.database.query<OwnNotice>(OWN, [customerId, after, limit]);
  }

  /** Of an account and an address. */
  ofPerson(
    customerId: string | null,
    hashes: Buffer[],
    after: string | null,
    limit: number,
  ): Promise<{ id: string; sku: string; createdAt: Date }[]> {
    return this.database.query(OF_PERSON, [customerId, hashes, after, limit]);
  }

  async forget(customerId: string | null, hashes: Buffer[]): Promise<void> {
    await this.database.execute(FORGET, [customerId, hashes]);
  }

  counts(after: string | null, limit: number): Promise<NoticeCount[]> {
    return this.database.query<NoticeCount>(COUNTS, [after, limit]);
  }

  /** Some that are sealed with another key than this one, locked. */
  otherwiseSealed(keyId: string, limit: number): Promise<Waiting[]> {
    return this.database.query<Waiting>(OTHERWISE_SEALED, [keyId, limit]);
  }

  async reseal(id: string, hash: Buffer, address: Buffer, keyId: string): Promise<void> {
    await this.database.execute(RESEAL, [id, hash, address, keyId]);
  }
}

const VARIANT = `
  SELECT p.handle, p.title, v.title AS "variantTitle", s.available
  FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
    CROSS JOIN LATERAL (${availabilitySql('v.id', '$2')}) s
  WHERE v.id = $1 AND p.status = 'published' AND NOT v.retired`;
const COUNT = `
  INSERT INTO catalog.subscription_quotas AS q (bucket, used, began_at) VALUES ($1, 1, clock_timestamp())
  ON CONFLICT ON CONSTRAINT subscription_quotas_pk DO UPDATE SET
    used = CASE WHEN q.began_at < clock_timestamp() - make_interval(secs => $2) THEN 1 ELSE q.used + 1 END,
    began_at = CASE WHEN q.began_at < clock_timestamp() - make_interval(secs => $2) THEN clock_timestamp() ELSE q.began_at END
  RETURNING used, greatest(1, ceil(extract(epoch FROM began_at - clock_timestamp()) + $2::int))::int AS wait`;
const ADD = `
  INSERT INTO catalog.stock_subscriptions (id, variant_id, state, address_hash, address, key_id, customer_id, token_hash, created_at)
  VALUES ($1, $2, 'waiting', $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`;
const WAITING_OF = `
  SELECT count(*)::int AS n FROM catalog.stock_subscriptions WHERE state = 'waiting' AND address_hash = ANY ($1::bytea[])`;
const AWAITED = `
  SELECT d.variant_id AS "variantId", coalesce(s.available > 0, false) AS "isThere"
  FROM (
    SELECT DISTINCT variant_id FROM catalog.stock_subscriptions
    WHERE state = 'waiting' AND ($1::uuid IS NULL OR variant_id > $1) ORDER BY variant_id LIMIT $3
  ) d CROSS JOIN LATERAL (${availabilitySql('d.variant_id', '$2')}) s ORDER BY d.variant_id`;
const SOME = `
  SELECT id, variant_id AS "variantId", address_hash AS hash, address FROM catalog.stock_subscriptions
  WHERE variant_id = $1 AND state = 'waiting' AND address_hash IN (
    SELECT DISTINCT address_hash FROM catalog.stock_subscriptions WHERE variant_id = $1 AND state = 'waiting' LIMIT $2)
  ORDER BY id FOR UPDATE`;
const TOLD = `
  UPDATE catalog.stock_subscriptions SET state = 'told', told_at = $2, address = NULL, address_hash = NULL, customer_id = NULL,
    token_hash = NULL, key_id = NULL
  WHERE id = ANY ($1::uuid[])`;
const OWN = `
  SELECT b.id, b.variant_id AS "variantId", v.product_id AS "productId", p.title, v.title AS "variantTitle",
    b.created_at AS "createdAt"
  FROM catalog.stock_subscriptions b JOIN catalog.variants v ON v.id = b.variant_id JOIN catalog.products p ON p.id = v.product_id
  WHERE b.customer_id = $1 AND b.state = 'waiting' AND ($2::uuid IS NULL OR b.id < $2) ORDER BY b.id DESC LIMIT $3`;
const THEIRS = `b.state = 'waiting' AND (b.customer_id = $1::uuid OR b.address_hash = ANY ($2::bytea[]))`;
const OF_PERSON = `
  SELECT b.id, v.sku, b.created_at AS "createdAt"
  FROM catalog.stock_subscriptions b JOIN catalog.variants v ON v.id = b.variant_id
  WHERE ${THEIRS} AND ($3::uuid IS NULL OR b.id > $3) ORDER BY b.id LIMIT $4`;
const FORGET = `DELETE FROM catalog.stock_subscriptions b WHERE ${THEIRS}`;
const COUNTS = `
  SELECT b.variant_id AS "variantId", v.sku, v.title, count(*) FILTER (WHERE b.state = 'waiting')::int AS waiting,
    count(*) FILTER (WHERE b.state = 'told')::int AS told
  FROM (
    SELECT DISTINCT variant_id FROM catalog.stock_subscriptions WHERE $1::uuid IS NULL OR variant_id > $1 ORDER BY variant_id LIMIT $2
  ) d JOIN catalog.stock_subscriptions b ON b.variant_id = d.variant_id JOIN catalog.variants v ON v.id = b.variant_id
  GROUP BY b.variant_id, v.sku, v.title ORDER BY b.variant_id`;
const OTHERWISE_SEALED = `
  SELECT id, variant_id AS "variantId", address_hash AS hash, address FROM catalog.stock_subscriptions
  WHERE state = 'waiting' AND key_id <> $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`;
const RESEAL = `
  UPDATE catalog.stock_subscriptions SET address_hash = $2, address = $3, key_id = $4 WHERE id = $1`;
