import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface PaymentLink {
  id: string;
  orderId: string;
  expiresAt: Date;
  createdBy: string | null;
  createdAt: Date;
}

@Injectable()
export class PaymentLinkRepository {
  constructor(private readonly database: Database) {}

  /** It takes the place of every older link of the order. */
  async insert(
    { id, orderId, expiresAt, createdBy, createdAt }: PaymentLink,
    tokenHash: Buffer,
  ): Promise<void> {
    await this.database.execute(INSERT, [id, orderId, tokenHash, expiresAt, createdBy, createdAt]);
  }

  /** The link of a token, and whether a newer one has replaced it. */
  async find(tokenHash: Buffer): Promise<(PaymentLink & { isReplaced: boolean }) | undefined> {
    const [row] = await this.database.query<PaymentLink & { isReplaced: boolean }>(FIND, [tokenHash]);
    return row;
  }

  /** Until when the link of an order holds; null: it has none. */
  async heldUntil(orderId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ expiresAt: Date }>(
      `SELECT expires_at AS "expiresAt" FROM ordering.payment_links WHERE order_id = $1 ORDER BY id DESC LIMIT 1`,
      [orderId],
    );
    return row?.expiresAt ?? null;
  }

  /** The first lock of whoever pays by a link, or makes another: of one order only one at a time. */
  async lockAllOf(orderId: string): Promise<void> {
    await this.database.query(LOCK, [orderId]);
  }
}

const INSERT = `
  INSERT INTO ordering.payment_links (id, order_id, token_hash, expires_at, created_by, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)`;
const FIND = `
  SELECT l.id, l.order_id AS "orderId", l.expires_at AS "expiresAt", l.created_by AS "createdBy", l.created_at AS "createdAt",
    EXISTS (SELECT FROM ordering.payment_links n WHERE n.order_id = l.order_id AND n.id > l.id) AS "isReplaced"
  FROM ordering.payment_links l WHERE l.token_hash = $1`;
const LOCK = 'SELECT FROM ordering.payment_links WHERE order_id = $1 ORDER BY id FOR UPDATE';
