import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { SettlementKind } from './invoice.repository.js';
import { idOf, type MoneySubject } from './money-subject.js';

/** Money that may pay invoices: what was captured and pays none yet, and what credit notes keep for the buyer. */
export interface MoneySource {
  readonly id: string;
  readonly kind: Extract<SettlementKind, 'payment' | 'balance'>;
  readonly left: bigint;
}

type Row = Omit<MoneySource, 'left'> & { left: string };

/** The money of an order, or of a subscription, as its documents see it. Under the lock of the documents. */
@Injectable()
export class InvoiceMoneyRepository {
  constructor(private readonly database: Database) {}

  /** What may pay the invoices of an order; what was kept for the buyer first, then payments, the oldest first. */
  async ofOrder(orderId: string): Promise<MoneySource[]> {
    return (await this.database.query<Row>(OF_ORDER, [orderId])).map(toSource);
  }

  /** What may pay an invoice that is of no order. */
  async ofInvoice(invoiceId: string, subscriptionId: string | null): Promise<MoneySource[]> {
    return (await this.database.query<Row>(OF_INVOICE, [invoiceId, subscriptionId])).map(toSource);
  }

  /** Of what a credit note keeps, so much pays another invoice. */
  async useKept(creditNoteId: string, amount: bigint): Promise<void> {
    const done = await this.database.execute(
      'UPDATE billing.credit_notes SET used = used + $2 WHERE id = $1 AND used + $2 <= kept',
      [creditNoteId, amount],
    );
    if (done !== 1) throw new Error(`credit note ${creditNoteId} does not keep so much`);
  }

  /**
   * What went back to the buyer and no credit note accounts for; below zero: a refund that one accounts for came to
   * nothing. Of a refund by hand that counts which earlier notes cover, and for what it has a note of its own.
   */
  async unmatched(subject: MoneySubject): Promise<bigint> {
    const [row] = await this.database.query<{ unmatched: string }>(UNMATCHED, [idOf(subject)]);
    return BigInt(row?.unmatched ?? 0);
  }

  /**
   * How much of what went back to the buyer an invoice had taken, so that a credit note has to account for it: what the buyer had
   * paid too much needs none. What the documents of an order account for is theirs.
   */
  async toCredit(subject: MoneySubject): Promise<bigint> {
    const [row] = await this.database.query<{ amount: string }>(TO_CREDIT, [idOf(subject)]);
    const others = await this.unmatched(subject);
    return BigInt(row?.amount ?? 0) - (others > 0n ? others : 0n);
  }

  /** What credit notes keep for the buyer and no other invoice has used, in minor units; it stays so until the end of the transaction. */
  async kept(subject: MoneySubject): Promise<bigint> {
    const rows = await this.database.query<{ left: string }>(KEPT, [idOf(subject)]);
    return rows.reduce((sum, { left }) => sum + BigInt(left), 0n);
  }

  /**
   * How much of what credit notes keep for the buyer is not there any more, in minor units, under the locks of the payments: it went
   * back without a document, or a bank took it.
   */
  async unbacked(subject: MoneySubject): Promise<bigint> {
    const [row] = await this.database.query<{ amount: string }>(UNBACKED, [idOf(subject)]);
    return BigInt(row?.amount ?? 0);
  }

  /** What banks have taken back of what the invoices had taken, and nobody has paid since, nor any note accounts for; in minor units. */
  async missing(subject: MoneySubject): Promise<bigint> {
    const [row] = await this.database.query<{ amount: string }>(MISSING, [idOf(subject)]);
    return BigInt(row?.amount ?? 0);
  }

  /** What was kept for the buyer and is not there because a bank has given it to them is kept no more. After `match`. */
  async lose(subject: MoneySubject): Promise<void> {
    const [row] = await this.database.query<{ amount: string }>(KEPT_AND_LOST, [idOf(subject)]);
    const amount = BigInt(row?.amount ?? 0);
    if (amount > 0n) await this.database.execute(LOSE, [idOf(subject), amount]);
  }

  /** Moves between what went back and what is kept, as far as the notes go. In the books it is the buyer's both ways. */
  async match(subject: MoneySubject): Promise<void> {
    const amount = await this.unmatched(subject);
    if (amount === 0n) return;
    // An invoice of another period may be paying itself out of them.
    await this.kept(subject);
    const values = [idOf(subject), amount > 0n ? amount : -amount];
    await this.database.execute(amount > 0n ? GIVE : TAKE_BACK, values);
  }

  /**
   * By how much more was lost than the books say: to banks that took money back, and by refunds by hand that wanted no credit note.
   * Money that no invoice had taken is not lost, it was the buyer's.
   */
  async undocumented(subject: MoneySubject): Promise<{ to: 'bank' | 'buyer'; amount: Money }[]> {
    const rows = await this.database.query<{ to: 'bank' | 'buyer'; amount: string; currency: string }>(
      UNDOCUMENTED,
      [idOf(subject)],
    );
    return rows.map(({ to, amount, currency }) => ({ to, amount: Money.of(BigInt(amount), currency) }));
  }
}

const toSource = ({ left, ...row }: Row): MoneySource => ({ ...row, left: BigInt(left) });

const paid = (of: string): string => `
  SELECT p.id, 'payment' AS kind, (p.captured - s.amount)::text AS "left", p.created_at AS at
  FROM billing.payments p
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS amount FROM billing.invoice_settlements WHERE source_id = p.id AND kind = 'payment'
  ) s
  WHERE ${of} AND p.status NOT IN ('canceled', 'requires_review') AND p.captured > s.amount`;
const OF_ORDER = `
  SELECT id, 'balance' AS kind, (kept - used)::text AS "left", created_at AS at FROM billing.credit_notes
  WHERE order_id = $1 AND kept > used
  UNION ALL ${paid('p.order_id = $1')} ORDER BY kind, at, id`;
// The notes are those of other invoices, whose documents nobody holds here: a refund of one of them is waited for.
const OF_INVOICE = `
  WITH kept AS (
    SELECT n.id, n.kept - n.used AS "left", n.created_at AS at
    FROM billing.credit_notes n JOIN billing.invoices i ON i.id = n.invoice_id
    WHERE i.subscription_id = $2 AND n.kept > n.used ORDER BY n.id FOR UPDATE OF n
  )
  SELECT id, 'balance' AS kind, "left"::text, at FROM kept
  UNION ALL ${paid('p.invoice_id = $1')} ORDER BY kind, at, id`;

const OF_SUBJECT = '(order_id = $1 OR invoice_id = $1)';
const KEPT = `
  SELECT (kept - used)::text AS "left" FROM billing.credit_notes WHERE ${OF_SUBJECT} ORDER BY id FOR UPDATE`;

// Money that came too late, or was never accepted, was never the order's.
const UNMATCHED = `
  SELECT (coalesce((
      SELECT sum(CASE WHEN r.credit_note = 'order' THEN r.amount ELSE r.covered END)
      FROM billing.refunds r JOIN billing.payments p ON p.id = r.payment_id
      WHERE (p.order_id = $1 OR p.invoice_id = $1) AND r.status <> 'failed' AND r.charge_id IS NULL
        AND p.status NOT IN ('canceled', 'requires_review')
    ), 0) + coalesce((
      SELECT sum(n.total) FROM billing.credit_notes n JOIN billing.refunds r ON r.id = n.refund_id
      WHERE (n.order_id = $1 OR n.invoice_id = $1) AND r.status <> 'failed'
    ), 0) - coalesce((SELECT sum(refunded) FROM billing.credit_notes WHERE ${OF_SUBJECT}), 0))::text AS unmatched`;

const moving = (
  left: string,
  order: string,
  sign: '+' | '-',
  to: 'refunded' | 'lost' = 'refunded',
): string => `
  WITH before AS (
    SELECT id, ${left} AS "left", coalesce(sum(${left}) OVER (ORDER BY id ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
      AS taken
    FROM billing.credit_notes WHERE ${OF_SUBJECT} AND ${left} > 0
  ), moved AS (
    SELECT id, least("left", $2::bigint - taken) AS amount FROM before WHERE taken < $2::bigint
  )
  UPDATE billing.credit_notes n SET ${to} = n.${to} ${sign} m.amount, kept = n.kept ${sign === '+' ? '-' : '+'} m.amount
  FROM moved m WHERE n.id = m.id`;
const GIVE = moving('(kept - used)', 'ASC', '+');
const LOSE = moving('(kept - used)', 'ASC', '+', 'lost');
const TAKE_BACK = moving('refunded', 'DESC', '-');

/** SQL: what notes kept and has paid invoices of other subjects, less what those of others have paid here. No alias of it is `subject`'s. */
export const movedOn = (subject: string): string => `(
  coalesce((SELECT sum(used) FROM billing.credit_notes WHERE order_id = ${subject} OR invoice_id = ${subject}), 0) -
  coalesce((SELECT sum(moved.amount) FROM billing.invoice_settlements moved JOIN billing.invoices taker ON taker.id = moved.invoice_id
    WHERE (taker.order_id = ${subject} OR taker.id = ${subject}) AND moved.kind = 'balance'), 0))`;

const UNBACKED = `
  SELECT greatest(k.kept - greatest(p.there - ${movedOn('$1')}, 0), 0)::text AS amount
  FROM (SELECT coalesce(sum(kept - used), 0) AS kept FROM billing.credit_notes WHERE ${OF_SUBJECT}) k
  CROSS JOIN (
    SELECT coalesce(sum(captured - refund_reserved - given_outside - dispute_lost), 0) AS there FROM billing.payments
    WHERE ${OF_SUBJECT} AND status NOT IN ('canceled', 'requires_review')
  ) p`;

// What the invoices took is not there any more: below what the buyer has, a bank took the rest, or it was given away. What was kept
// and has paid an invoice of another subject is not the buyer's any more, and there it has come from outside.
const BOOKS = `
  WITH gone AS (
    SELECT currency, coalesce(sum(amount) FILTER (WHERE "to" = 'bank'), 0) AS bank, coalesce(sum(amount) FILTER (WHERE "to" = 'buyer'), 0) AS buyer
    FROM (
      SELECT r.currency, 'buyer' AS "to", CASE WHEN r.status <> 'failed' AND r.credit_note = 'none' THEN r.amount - r.covered ELSE 0 END AS amount
      FROM billing.refunds r JOIN billing.payments p ON p.id = r.payment_id
      WHERE (p.order_id = $1 OR p.invoice_id = $1) AND r.charge_id IS NULL
      UNION ALL SELECT d.currency, 'bank', d.amount FROM billing.disputes d JOIN billing.payments p ON p.id = d.payment_id
      WHERE (p.order_id = $1 OR p.invoice_id = $1) AND d.status = 'lost'
      UNION ALL SELECT currency, 'bank', -lost FROM billing.credit_notes WHERE ${OF_SUBJECT} AND lost > 0
    ) AS each GROUP BY 1
  ), books AS (
    SELECT g.*, b.* FROM gone g CROSS JOIN LATERAL (
      SELECT coalesce(sum(e.amount) FILTER (WHERE t.source_type NOT IN ('refund_document', 'lost_dispute')), 0)
          + ${movedOn('$1')} AS short,
        coalesce(-sum(e.amount) FILTER (WHERE t.source_type = 'lost_dispute'), 0) AS to_bank,
        coalesce(-sum(e.amount) FILTER (WHERE t.source_type = 'refund_document'), 0) AS to_buyer
      FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
      WHERE t.id IN (
          SELECT id FROM billing.ledger_transactions WHERE order_id = $1
          UNION SELECT id FROM billing.ledger_transactions WHERE invoice_id = $1
          UNION SELECT l.id FROM billing.ledger_transactions l JOIN billing.payments p ON p.id = l.payment_id WHERE p.invoice_id = $1
        ) AND e.account = 'liab:unapplied' AND e.currency = g.currency
    ) b
  )`;
const UNDOCUMENTED = `${BOOKS}
  SELECT v."to", currency, (v.amount - v.booked)::text AS amount FROM books
  CROSS JOIN LATERAL (SELECT least(greatest(short, 0), bank) AS lost) l
  CROSS JOIN LATERAL (VALUES ('bank', l.lost, to_bank), ('buyer', least(greatest(short - l.lost, 0), buyer), to_buyer))
    AS v ("to", amount, booked)
  WHERE v.amount <> v.booked`;
const MISSING = `${BOOKS}
  SELECT coalesce(sum(least(greatest(short, 0), bank)), 0)::text AS amount FROM books`;
const KEPT_AND_LOST = `${BOOKS}
  SELECT least(k.kept - greatest(-short, 0), bank)::text AS amount FROM books
  CROSS JOIN (SELECT coalesce(sum(kept - used), 0) AS kept FROM billing.credit_notes WHERE ${OF_SUBJECT}) k WHERE bank > 0`;
const TO_CREDIT = `${BOOKS}
  SELECT coalesce(sum(greatest(greatest(short, 0) - bank - buyer, 0)), 0)::text AS amount FROM books`;
