import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { PendingLine } from './subscription-lines.js';

/** Lines that wait for the next invoice. Under the lock of the subscription. */
@Injectable()
export class PendingLineRepository {
  constructor(private readonly database: Database) {}

  async add(subscriptionId: string, lines: readonly PendingLine[], now: Date): Promise<void> {
    for (const line of lines)
      await this.database.execute(
        `INSERT INTO billing.subscription_pending_lines (id, subscription_id, line, created_at) VALUES ($1, $2, $3, $4)`,
        [newId(), subscriptionId, JSON.stringify(line), now],
      );
  }

  /** The oldest first. */
  async waiting(subscriptionId: string): Promise<PendingLine[]> {
    const rows = await this.database.query<{ line: PendingLine }>(
      `SELECT line FROM billing.subscription_pending_lines WHERE subscription_id = $1 AND ${WAITS} ORDER BY id`,
      [subscriptionId],
    );
    return rows.map(({ line }) => line);
  }

  /** All of them are on this invoice now, or were taken over by what waits after it. */
  async taken(subscriptionId: string, invoiceId: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.subscription_pending_lines SET invoice_id = $2 WHERE subscription_id = $1 AND ${WAITS}`,
      [subscriptionId, invoiceId],
    );
  }

  /** Those below zero that wait, the oldest first. */
  credits(subscriptionId: string): Promise<{ id: string; line: PendingLine }[]> {
    return this.database.query(
      `SELECT id, line FROM billing.subscription_pending_lines
       WHERE subscription_id = $1 AND ${WAITS} AND (line ->> 'quantity')::numeric < 0 ORDER BY id`,
      [subscriptionId],
    );
  }

  /** No invoice takes it off any more: it is on credit notes. */
  async credited(id: string): Promise<void> {
    await this.database.execute(
      'UPDATE billing.subscription_pending_lines SET credited = true WHERE id = $1',
      [id],
    );
  }
}

const WAITS = 'invoice_id IS NULL AND NOT credited';
