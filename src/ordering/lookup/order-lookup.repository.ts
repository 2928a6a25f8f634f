import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** A look-up as its letter needs it. */
export interface LookedUp {
  orderId: string;
  number: string;
  email: string;
}

/** Look-ups of orders by guests. They use the time of the database: a sandbox that moves its clock opens nothing longer. */
@Injectable()
export class OrderLookupRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes down that somebody asks, whether there is such an order or not, and whether it may be found: the same statement and the
   * same row.
   */
  async ask(id: string, number: string, email: string, mayFind: boolean): Promise<Date> {
    const [row] = await this.database.query<{ expiresAt: Date }>(ASK, [id, number, email, mayFind]);
    if (!row) throw new Error('a look-up was not written');
    return row.expiresAt;
  }

  /** Null when it found nothing. */
  async find(id: string): Promise<LookedUp | null> {
    const [row] = await this.database.query<LookedUp>(FIND, [id]);
    return row ?? null;
  }

  async setCode(id: string, codeHash: Buffer): Promise<void> {
    await this.database.execute('UPDATE ordering.order_lookups SET code_hash = $2 WHERE id = $1', [
      id,
      codeHash,
    ]);
  }

  /** Counts an attempt at the code, and answers what it has to be; nothing for one that takes none any more. */
  async attempt(id: string): Promise<{ orderId: string | null; codeHash: Buffer | null } | null> {
    const [row] = await this.database.query<{ orderId: string | null; codeHash: Buffer | null }>(ATTEMPT, [
      id,
    ]);
    return row ?? null;
  }

  /** The token that opens the order for a while; null when there is one already. */
  async open(id: string, tokenHash: Buffer): Promise<Date | null> {
    const [row] = await this.database.query<{ expiresAt: Date }>(OPEN, [id, tokenHash]);
    return row?.expiresAt ?? null;
  }

  /** Whether this token opens the order now. */
  async opens(orderId: string, tokenHash: Buffer): Promise<boolean> {
    return (await this.database.query(OPENS, [orderId, tokenHash])).length > 0;
  }

  async forgetOld(): Promise<number> {
    return this.database.execute(
      `DELETE FROM ordering.order_lookups WHERE created_at < now() - interval '1 day'`,
    );
  }
}

const ASK = `
  INSERT INTO ordering.order_lookups (id, order_id, expires_at)
  VALUES ($1, (SELECT o.id FROM ordering.orders o WHERE o.number = $2::bigint AND lower(o.email) = lower($3)
    AND o.placed_at IS NOT NULL AND $4::boolean), now() + interval '15 minutes')
  RETURNING expires_at AS "expiresAt"`;
const FIND = `
  SELECT o.id AS "orderId", o.number::text, o.email FROM ordering.order_lookups l JOIN ordering.orders o ON o.id = l.order_id
  WHERE l.id = $1`;
const ATTEMPT = `
  UPDATE ordering.order_lookups SET attempts = attempts + 1
  WHERE id = $1 AND attempts < 5 AND expires_at > now() AND token_hash IS NULL
  RETURNING order_id AS "orderId", code_hash AS "codeHash"`;
const OPEN = `
  UPDATE ordering.order_lookups SET token_hash = $2, expires_at = now() + interval '1 hour'
  WHERE id = $1 AND token_hash IS NULL RETURNING expires_at AS "expiresAt"`;
const OPENS = `
  SELECT FROM ordering.order_lookups WHERE order_id = $1 AND token_hash = $2 AND expires_at > now()`;
