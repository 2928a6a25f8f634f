import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface CartShare {
  id: string;
  createdAt: Date;
  expiresAt: Date;
}

/** Links that show a cart. */
@Injectable()
export class SharedCartRepository {
  constructor(private readonly database: Database) {}

  /** For a cart that is locked. False when it has so many that hold already. */
  async insert(share: CartShare, cartId: string, tokenHash: Buffer, most: number): Promise<boolean> {
    const values = [share.id, cartId, tokenHash, share.createdAt, share.expiresAt, most];
    return (await this.database.execute(INSERT, values)) === 1;
  }

  /** Those that hold, the newest first. */
  list(cartId: string, now: Date): Promise<CartShare[]> {
    return this.database.query<CartShare>(LIST, [cartId, now]);
  }

  async remove(cartId: string, id: string): Promise<boolean> {
    const text = 'DELETE FROM ordering.cart_shares WHERE cart_id = $1 AND id = $2';
    return (await this.database.execute(text, [cartId, id])) === 1;
  }

  /** The cart that a link shows, while it holds. */
  async cartOf(tokenHash: Buffer, now: Date): Promise<{ cartId: string; expiresAt: Date } | undefined> {
    const [row] = await this.database.query<{ cartId: string; expiresAt: Date }>(CART_OF, [tokenHash, now]);
    return row;
  }

  /** Links that are over; returns how many. */
  forgetOld(now: Date): Promise<number> {
    return this.database.execute('DELETE FROM ordering.cart_shares WHERE expires_at <= $1', [now]);
  }
}

const INSERT = `
  INSERT INTO ordering.cart_shares (id, cart_id, token_hash, created_at, expires_at) SELECT $1, $2, $3, $4, $5
  WHERE (SELECT count(*) FROM ordering.cart_shares WHERE cart_id = $2 AND expires_at > $4) < $6`;
const LIST = `
  SELECT id, created_at AS "createdAt", expires_at AS "expiresAt" FROM ordering.cart_shares
  WHERE cart_id = $1 AND expires_at > $2 ORDER BY id DESC`;
const CART_OF = `
  SELECT cart_id AS "cartId", expires_at AS "expiresAt" FROM ordering.cart_shares
  WHERE token_hash = $1 AND expires_at > $2`;
