import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Subject } from '../../platform/personal-data/personal-data.js';

interface Row {
  id: string;
}

/** Gift cards by the person: those that were mailed to the address, and those that the person bought. */
@Injectable()
export class GiftCardPeopleRepository {
  constructor(private readonly database: Database) {}

  cards({ customerId, email }: Subject, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(CARDS, [customerId, email, after?.id ?? null, limit]);
  }

  async hold({ customerId, email }: Subject): Promise<void> {
    await this.database.query(HOLD, [customerId, email]);
  }

  /** The balance stays with whoever has the code; to whom it was sent, and what was written, does not. */
  async anonymise({ customerId, email }: Subject): Promise<void> {
    await this.database.execute(ANONYMISE, [customerId, email]);
  }
}

const BOUGHT = `g.order_id IN (SELECT p.order_id FROM billing.payments p
  WHERE p.customer_id = $1::uuid OR (p.customer_id IS NULL AND lower(p.buyer ->> 'email') = lower($2)))`;
const RECEIVED = 'lower(g.recipient_email) = lower($2)';
const CARDS = `
  SELECT g.id, g.last4, g.state, g.currency, g.initial::text, g.balance::text, g.order_id AS "orderId",
    g.recipient_email AS "recipientEmail", g.recipient_name AS "recipientName", g.message, g.send_at AS "sendAt",
    g.created_at AS "createdAt"
  FROM billing.gift_cards g WHERE (${RECEIVED} OR ${BOUGHT}) AND ($3::uuid IS NULL OR g.id > $3) ORDER BY g.id LIMIT $4`;
const HOLD = `SELECT FROM billing.gift_cards g WHERE ${RECEIVED} OR ${BOUGHT} ORDER BY g.id FOR UPDATE`;
const ANONYMISE = `
  UPDATE billing.gift_cards g SET recipient_email = CASE WHEN ${RECEIVED} THEN NULL ELSE g.recipient_email END,
    recipient_name = CASE WHEN ${RECEIVED} THEN NULL ELSE g.recipient_name END, message = NULL
  WHERE ${RECEIVED} OR ${BOUGHT}`;
