import { Injectable } from '@nestjs/common';
import { actorId, type SystemActor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

/** Orders that were placed by guests, which are nobody's until their address belongs to a customer. */
@Injectable()
export class GuestOrdersRepository {
  constructor(private readonly database: Database) {}

  /** Placed ones with this address in whatever case, the oldest first. */
  async placedWith(email: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(PLACED_WITH, [email, limit]);
    return rows.map(({ id }) => id);
  }

  /** The address of a placed order that is nobody's, or null. */
  async emailOf(orderId: string): Promise<string | null> {
    const [row] = await this.database.query<{ email: string }>(EMAIL_OF, [orderId]);
    return row?.email ?? null;
  }

  /** Those of them that are nobody's still become this customer's, with a line of history; returns which. */
  async claim(
    customerId: string,
    orderIds: readonly string[],
    at: Date,
    actor: SystemActor,
  ): Promise<string[]> {
    const entries = orderIds.map(() => newId());
    const values = [customerId, orderIds, entries, at, actor.kind, actorId(actor)];
    const rows = await this.database.query<{ id: string }>(CLAIM, values);
    return rows.map(({ id }) => id);
  }
}

const NOBODYS = 'customer_id IS NULL AND placed_at IS NOT NULL';
const PLACED_WITH = `
  SELECT id FROM ordering.orders WHERE lower(email) = lower($1) AND ${NOBODYS} ORDER BY id LIMIT $2`;
const EMAIL_OF = `SELECT email FROM ordering.orders WHERE id = $1 AND ${NOBODYS}`;
const CLAIM = `
  WITH wanted AS (
    SELECT o.id, w.entry_id FROM ordering.orders o JOIN unnest($2::uuid[], $3::uuid[]) AS w (id, entry_id) ON w.id = o.id
    ORDER BY o.id FOR UPDATE OF o
  ), claimed AS (
    UPDATE ordering.orders o SET customer_id = $1, version = o.version + 1 FROM wanted w WHERE o.id = w.id AND ${NOBODYS}
    RETURNING o.id, w.entry_id, o.status, o.payment_status, o.fulfilment_status
  )
  INSERT INTO ordering.order_history (id, order_id, at, event, status, payment_status, fulfilment_status, actor_kind, actor_id)
  SELECT entry_id, id, $4, 'claimed', status, payment_status, fulfilment_status, $5, $6 FROM claimed
  RETURNING order_id AS id`;
