import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export type GiftCardState = 'active' | 'spent' | 'canceled';

export interface GiftCard {
  id: string;
  last4: string;
  currency: string;
  initial: string;
  balance: string;
  voided: string;
  state: GiftCardState;
  orderId: string | null;
  orderLineId: string | null;
  reason: string | null;
  recipientEmail: string | null;
  recipientName: string | null;
  message: string | null;
  sendAt: Date | null;
  createdAt: Date;
}

export type NewGiftCard = Omit<GiftCard, 'balance' | 'voided' | 'state'> & {
  codeHash: Buffer;
  piece: number | null;
  sealedCode: Buffer | null;
};

export interface GiftCardEntry {
  id: string;
  kind: 'issued' | 'redeemed' | 'given_back' | 'canceled';
  amount: string;
  reference: string | null;
  at: Date;
}

export interface GiftCardFilter {
  last4: string | null;
  state: string | null;
  orderId: string | null;
}

/** Cards and their entries. A balance changes in single guarded statements, each with its entry. */
@Injectable()
export class GiftCardRepository {
  constructor(private readonly database: Database) {}

  /** False when the piece of the line has its card already. */
  async insert(card: NewGiftCard, entryId: string, actor: string): Promise<boolean> {
    const row = {
      ...card,
      codeHash: card.codeHash.toString('hex'),
      sealedCode: card.sealedCode?.toString('hex'),
    };
    const [made] = await this.database.query<{ id: string }>(INSERT, [JSON.stringify(row), entryId, actor]);
    return made !== undefined;
  }

  async byHash(codeHash: Buffer): Promise<GiftCard | null> {
    const [row] = await this.database.query<GiftCard>(`${CARD} WHERE code_hash = $1`, [codeHash]);
    return row ?? null;
  }

  async find(id: string): Promise<GiftCard | null> {
    const [row] = await this.database.query<GiftCard>(`${CARD} WHERE id = $1`, [id]);
    return row ?? null;
  }

  async lock(id: string): Promise<GiftCard | null> {
    const [row] = await this.database.query<GiftCard>(`${CARD} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  async lockAll(ids: readonly string[]): Promise<void> {
    await this.database.query(
      'SELECT FROM billing.gift_cards WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE',
      [ids],
    );
  }

  /** The cards that an order bought, locked in the order of their ids. */
  lockOfOrder(orderId: string): Promise<GiftCard[]> {
    return this.database.query<GiftCard>(`${CARD} WHERE order_id = $1 ORDER BY id FOR UPDATE`, [orderId]);
  }

  /** Minor units on cards of an order that were not taken back: what its money has to stay for. */
  async keptOf(orderId: string): Promise<bigint> {
    const [row] = await this.database.query<{ kept: string }>(KEPT, [orderId]);
    return BigInt(row?.kept ?? 0);
  }

  list(filter: GiftCardFilter, after: string | null, limit: number): Promise<GiftCard[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [limit];
    const wanted = [
      ['last4 =', filter.last4],
      ['state =', filter.state],
      ['order_id =', filter.orderId],
      ['id <', after],
    ] as const;
    const conditions = wanted.flatMap(([sql, value]) =>
      value === null ? [] : [`${sql} $${values.push(value)}`],
    );
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.database.query<GiftCard>(`${CARD} ${where} ORDER BY id DESC LIMIT $1`, values);
  }

  entries(cardId: string): Promise<GiftCardEntry[]> {
    return this.database.query<GiftCardEntry>(ENTRIES, [cardId]);
  }

  /** Cards of these codes, locked in the order of their ids. */
  lockByHash(codeHashes: readonly Buffer[]): Promise<(GiftCard & { codeHash: Buffer })[]> {
    return this.database.query(LOCK_BY_HASH, [codeHashes]);
  }

  /** Takes from the balance for a payment, once; false when there is not so much, or it was taken already. */
  async redeem(id: string, amount: bigint, entry: EntryInput): Promise<boolean> {
    return (await this.database.execute(REDEEM, [id, amount, ...valuesOf(entry)])) === 1;
  }

  /** How many there are of each line of these orders. */
  boughtBy(orderIds: readonly string[]): Promise<{ lineId: string; cards: number }[]> {
    return this.database.query(BOUGHT, [orderIds]);
  }

  /** Puts back for a refund, once; false when the card was canceled, or it was put back already. */
  async giveBack(id: string, amount: bigint, entry: EntryInput): Promise<boolean> {
    return (await this.database.execute(GIVE_BACK, [id, amount, ...valuesOf(entry)])) === 1;
  }

  /** Takes back all that is left; the card is at its end. Under its lock. */
  async cancel(id: string, entry: EntryInput): Promise<void> {
    await this.database.execute(CANCEL, [id, ...valuesOf(entry)]);
  }

  /** A card whose day has come, locked, with the code that waited for it; none of `except`. */
  async due(now: Date, except: readonly string[]): Promise<(GiftCard & { sealedCode: Buffer }) | null> {
    const [row] = await this.database.query<GiftCard & { sealedCode: Buffer }>(DUE, [now, except]);
    return row ?? null;
  }

  /** When, after this moment, the next card is to be sent. */
  async nextSending(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(NEXT_SENDING, [after]);
    return row?.at ?? null;
  }

  /** The code is on its way: it is forgotten here. */
  async forgetCode(id: string): Promise<void> {
    await this.database.execute('UPDATE billing.gift_cards SET sealed_code = NULL WHERE id = $1', [id]);
  }
}

export interface EntryInput {
  id: string;
  /** The order that it is for. */
  reference: string | null;
  /** The payment that takes, or the refund that gives back. */
  sourceId: string | null;
  actor: string;
  at: Date;
}

const BOUGHT = `
  SELECT order_line_id AS "lineId", count(*)::int AS cards FROM billing.gift_cards
  WHERE order_id = ANY ($1::uuid[]) GROUP BY order_line_id`;
const valuesOf = ({ id, reference, sourceId, actor, at }: EntryInput) => [id, reference, sourceId, actor, at];

const FIELDS = `id, last4, currency, initial::text, balance::text, voided::text, state, order_id AS "orderId",
  order_line_id AS "orderLineId", reason, recipient_email AS "recipientEmail", recipient_name AS "recipientName", message,
  send_at AS "sendAt", created_at AS "createdAt"`;
const CARD = `SELECT ${FIELDS} FROM billing.gift_cards`;
const DUE = `
  SELECT ${FIELDS}, sealed_code AS "sealedCode" FROM billing.gift_cards
  WHERE sealed_code IS NOT NULL AND send_at <= $1 AND state <> 'canceled' AND id <> ALL ($2::uuid[])
  ORDER BY send_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
const NEXT_SENDING = `
  SELECT min(send_at) AS at FROM billing.gift_cards WHERE sealed_code IS NOT NULL AND send_at > $1 AND state <> 'canceled'`;
const INSERT = `
  WITH made AS (
    INSERT INTO billing.gift_cards (id, code_hash, last4, currency, initial, balance, order_id, order_line_id, piece, reason,
      recipient_email, recipient_name, message, send_at, sealed_code, created_at)
    SELECT id, decode("codeHash", 'hex'), last4, currency, initial, initial, "orderId", "orderLineId", piece, reason,
      "recipientEmail", "recipientName", message, "sendAt", decode("sealedCode", 'hex'), "createdAt"
    FROM jsonb_to_record($1::jsonb) AS r (id uuid, "codeHash" text, last4 text, currency text, initial bigint, "orderId" uuid,
      "orderLineId" uuid, piece int, reason text, "recipientEmail" text, "recipientName" text, message text,
      "sendAt" timestamptz, "sealedCode" text, "createdAt" timestamptz)
    ON CONFLICT ON CONSTRAINT gift_cards_piece_key DO NOTHING RETURNING id, initial, created_at
  )
  INSERT INTO billing.gift_card_entries (id, card_id, kind, amount, actor, at)
  SELECT $2, id, 'issued', initial, $3, created_at FROM made RETURNING id`;
const KEPT = `SELECT coalesce(sum(initial - voided), 0)::text AS kept FROM billing.gift_cards WHERE order_id = $1`;
const ENTRIES = `
  SELECT id, kind, amount::text, reference, at FROM billing.gift_card_entries WHERE card_id = $1 ORDER BY id`;
const ENTRY = (kind: string, amount: string) => `
  INSERT INTO billing.gift_card_entries (id, card_id, kind, amount, reference, source_id, actor, at)
  SELECT $3, id, '${kind}', ${amount}, $4, $5, $6, $7 FROM moved`;
const NEVER = (kind: string) => `NOT EXISTS (
      SELECT FROM billing.gift_card_entries e WHERE e.card_id = $1 AND e.kind = '${kind}' AND e.source_id = $5)`;
const REDEEM = `
  WITH moved AS (
    UPDATE billing.gift_cards SET balance = balance - $2::bigint,
      state = CASE WHEN balance = $2::bigint THEN 'spent' ELSE state END
    WHERE id = $1 AND state = 'active' AND balance >= $2::bigint AND $2::bigint > 0 AND ${NEVER('redeemed')} RETURNING id
  ) ${ENTRY('redeemed', '-$2::bigint')}`;
const GIVE_BACK = `
  WITH moved AS (
    UPDATE billing.gift_cards SET balance = balance + $2::bigint, state = 'active'
    WHERE id = $1 AND state <> 'canceled' AND balance + voided + $2::bigint <= initial AND $2::bigint > 0
      AND ${NEVER('given_back')} RETURNING id
  ) ${ENTRY('given_back', '$2::bigint')}`;
const LOCK_BY_HASH = `
  SELECT ${FIELDS}, code_hash AS "codeHash" FROM billing.gift_cards WHERE code_hash = ANY ($1::bytea[]) ORDER BY id FOR UPDATE`;
const CANCEL = `
  WITH before AS (SELECT id, balance FROM billing.gift_cards WHERE id = $1),
  moved AS (
    UPDATE billing.gift_cards SET balance = 0, voided = voided + balance, state = 'canceled', sealed_code = NULL
    WHERE id = $1 RETURNING id
  )
  INSERT INTO billing.gift_card_entries (id, card_id, kind, amount, reference, source_id, actor, at)
  SELECT $2, b.id, 'canceled', -b.balance, $3, $4, $5, $6 FROM before b JOIN moved USING (id)`;
