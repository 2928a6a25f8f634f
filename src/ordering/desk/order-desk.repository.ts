import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { OrderNote } from './order-note.js';

/** What staff write down about orders for themselves: notes, tags, and that one is not to be sent. */
@Injectable()
export class OrderDeskRepository {
  constructor(private readonly database: Database) {}

  /** A placed order is kept from being sent; false when it is already, or is not placed. */
  async hold(id: string, reason: string, at: Date): Promise<boolean> {
    return (await this.database.execute(HOLD, [id, reason, at])) === 1;
  }

  /** False when it was not held. */
  async release(id: string): Promise<boolean> {
    return (await this.database.execute(RELEASE, [id])) === 1;
  }

  async tag(id: string, tags: readonly string[]): Promise<void> {
    await this.database.execute(TAG, [id, tags]);
  }

  async addNote(orderId: string, note: OrderNote): Promise<void> {
    const { id, body, actorKind, actorId, createdAt } = note;
    await this.database.execute(ADD_NOTE, [id, orderId, body, actorKind, actorId, createdAt]);
  }

  /** The newest first. */
  notes(orderId: string, after: string | null, limit: number): Promise<OrderNote[]> {
    return this.database.query<OrderNote>(NOTES, [orderId, after, limit]);
  }
}

const HOLD = `
  UPDATE ordering.orders SET held_at = $3, hold_reason = $2, version = version + 1
  WHERE id = $1 AND held_at IS NULL AND status = 'placed'`;
const RELEASE = `
  UPDATE ordering.orders SET held_at = NULL, hold_reason = NULL, version = version + 1 WHERE id = $1 AND held_at IS NOT NULL`;
const TAG = `UPDATE ordering.orders SET tags = $2, version = version + 1 WHERE id = $1`;
const ADD_NOTE = `
  INSERT INTO ordering.order_notes (id, order_id, body, actor_kind, actor_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`;
const NOTES = `
  SELECT id, body, actor_kind AS "actorKind", actor_id AS "actorId", created_at AS "createdAt" FROM ordering.order_notes
  WHERE order_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;
