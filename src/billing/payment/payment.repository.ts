import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import type { AttemptFacts } from '../fraud/screening-facts.js';
import type { ToScreen } from '../fraud/fraud-screen.service.js';
import { SCREENING, type ScreeningColumns, toScreen } from '../fraud/screening.rows.js';
import type { Posting } from '../ledger/posting.js';
import type { Operation, OperationStatus } from './operation.entity.js';
import type { Payment, PaymentPurpose, ReceivedKind } from './payment.entity.js';
import {
  OPERATION,
  type LateCharge,
  type LateChargeColumns,
  type OperationColumns,
  PAYMENT,
  type PaymentColumns,
  toLateCharge,
  toOperation,
  toPayment,
} from './payment.rows.js';

/**
 * No card is tried for ever: after this many attempts the payment of an order takes no more. An invoice stays owed: its payers make so
 * many a day, and what is charged with nobody there is bound by the rules of collecting.
 */
export const MAX_ATTEMPTS = 20;
const DAY_MS = 86_400_000;

/** Between two looks at the gateway that payers ask for. */
export const LOOK_PAUSE_MS = 1_000;

export interface OpenRow {
  readonly paymentId: string;
  readonly operationId: string;
  readonly voidOperationId: string;
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly customerId: string | null;
  readonly amount: Money;
  readonly gateway: string;
  readonly capture: 'automatic' | 'manual';
  /** A kept method, in place of a token. */
  readonly methodId: string | null;
  readonly offSession: boolean;
  readonly saveMethod: boolean;
  readonly purpose: PaymentPurpose;
  /** Whether an open payment may become one of another amount: part of what is owed was paid otherwise. */
  readonly mayChangeAmount: boolean;
  readonly token: string | null;
  readonly buyer: object | null;
  readonly returnUrl: string | null;
  readonly accessHash: Buffer | null;
  /** What is kept of it for the screening; null: nobody screens it. */
  readonly screening: AttemptFacts | null;
  readonly now: Date;
  readonly nextCheckAt: Date | null;
}

export interface TakenRow {
  readonly id: string;
  /** One of both. */
  readonly orderId: string | null;
  readonly invoiceId: string | null;
  readonly customerId: string | null;
  readonly amount: Money;
  readonly gateway: 'gift_card' | 'store_credit' | ReceivedKind;
  readonly purpose: PaymentPurpose;
  readonly instrumentId: string;
  readonly last4: string | null;
  /** Null: the invoice says who it is. */
  readonly buyer: object | null;
  readonly accessHash: Buffer | null;
  readonly now: Date;
}

export interface PaymentFilter {
  readonly orderId: string | null;
  readonly customerId: string | null;
  readonly status: string | null;
  readonly currency: string | null;
  /** When they were opened, both included. */
  readonly from: string | null;
  readonly to: string | null;
  /** Only those with a call that a person has to look at. */
  readonly needsAttention: boolean;
}

/** Payments: every write is one guarded statement, every change of a state is made under the payment's lock. */
@Injectable()
export class PaymentRepository {
  constructor(private readonly database: Database) {}

  /**
   * Opens the payment of an order, or adds an attempt to the one that is open, in one statement. Null when the order
   * has a payment that takes no attempt now. A challenge that the shopper walked away from is closed on the way.
   */
  async open(row: OpenRow): Promise<{ paymentId: string; attempt: number; superseded: boolean } | null> {
    const [opened] = await this.database.query<{ id: string; attempts: number; superseded: boolean }>(
      OPEN[row.purpose],
      [
        row.paymentId,
        row.orderId,
        row.customerId,
        row.amount.amount,
        row.amount.currency,
        row.gateway,
        row.operationId,
        row.returnUrl,
        row.buyer,
        row.accessHash,
        row.now,
        row.token,
        row.nextCheckAt,
        row.voidOperationId,
        MAX_ATTEMPTS,
        row.mayChangeAmount,
        row.capture,
        row.invoiceId,
        row.methodId,
        row.offSession,
        row.saveMethod,
        row.screening && JSON.stringify(row.screening),
      ],
    );
    return opened ? { paymentId: opened.id, attempt: opened.attempts, superseded: opened.superseded } : null;
  }

  /** The operation with its payment, both locked: the payment first, always. */
  async lock(
    operationId: string,
  ): Promise<{ payment: Payment; operation: Operation; attempt: ToScreen | null } | null> {
    const [row] = await this.database.query<PaymentColumns & OperationColumns & ScreeningColumns>(
      `SELECT ${PAYMENT}, ${OPERATION}, ${SCREENING} FROM billing.payments p JOIN billing.operations o ON o.payment_id = p.id
         LEFT JOIN billing.screenings s ON s.operation_id = o.id WHERE o.id = $1 FOR UPDATE OF p FOR UPDATE OF o`,
      [operationId],
    );
    return row ? { payment: toPayment(row), operation: toOperation(row), attempt: toScreen(row) } : null;
  }

  /** A payment that no gateway is asked for, from a balance or by hand; the money is there. */
  async addTaken(payment: TakenRow): Promise<void> {
    await this.database.execute(TAKEN, [
      payment.id,
      payment.orderId,
      payment.customerId,
      payment.amount.amount,
      payment.amount.currency,
      payment.gateway,
      payment.purpose,
      payment.instrumentId,
      payment.last4,
      payment.buyer,
      payment.accessHash,
      payment.now,
      payment.invoiceId,
    ]);
  }

  /** The payment with the others of its order, all locked, the oldest first; none when there is no such payment. */
  async lockAllBeside(paymentId: string): Promise<Payment[]> {
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p
        WHERE id = $1 OR order_id = (SELECT order_id FROM billing.payments WHERE id = $1)
          OR invoice_id = (SELECT invoice_id FROM billing.payments WHERE id = $1) ORDER BY created_at, id FOR UPDATE`,
      [paymentId],
    );
    return rows.map(toPayment);
  }

  /** Every payment of an order, locked, the oldest first. */
  async lockAllOfOrder(orderId: string): Promise<Payment[]> {
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE order_id = $1 ORDER BY created_at, id FOR UPDATE`,
      [orderId],
    );
    return rows.map(toPayment);
  }

  /** Every payment of an invoice, locked, the oldest first. */
  async lockAllOfInvoice(invoiceId: string): Promise<Payment[]> {
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE invoice_id = $1 ORDER BY created_at, id FOR UPDATE`,
      [invoiceId],
    );
    return rows.map(toPayment);
  }

  /** When the payers of an invoice may try again; null: they may. */
  async triesAgainAt(invoiceId: string, now: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date }>(
      `SELECT o.created_at AS at FROM billing.operations o JOIN billing.payments p ON p.id = o.payment_id
         WHERE p.invoice_id = $1 AND o.kind = 'authorize' AND NOT o.off_session ORDER BY o.created_at DESC OFFSET $2 LIMIT 1`,
      [invoiceId, MAX_ATTEMPTS - 1],
    );
    const again = row && new Date(row.at.getTime() + DAY_MS);
    return again && again > now ? again : null;
  }

  /** Payments of these orders that are nobody's; locked in the order of their ids. */
  async giveTo(customerId: string, orderIds: readonly string[]): Promise<void> {
    await this.database.execute(GIVE_TO, [customerId, orderIds]);
  }

  /** Writes all that one settlement changed, with its postings, in one statement. */
  async save(payment: Payment, operation: Operation, postings: readonly Posting[], now: Date): Promise<void> {
    const transactions = postings.map((posting) => ({ id: newId(), ...posting }));
    await this.database.execute(SAVE, [
      operation.id,
      operation.status,
      operation.gatewayRef,
      operation.gatewayVersion,
      operation.code,
      operation.nextCheckAt,
      now,
      payment.id,
      payment.status,
      payment.captured.amount,
      payment.refundReserved.amount,
      payment.refunded.amount,
      payment.gatewayRef,
      payment.declineCode,
      payment.reviewReason,
      payment.nextActionUrl,
      JSON.stringify(
        transactions.map(({ id, kind, sourceType, sourceId }) => ({
          id,
          kind,
          source_type: sourceType,
          source_id: sourceId,
        })),
      ),
      JSON.stringify(
        transactions.flatMap(({ id, legs }) =>
          legs.map(({ account, amount }, index) => ({
            transaction_id: id,
            position: index + 1,
            account,
            currency: amount.currency,
            amount: amount.amount.toString(),
          })),
        ),
      ),
      payment.orderId,
      operation.kind === 'refund' ? refundStatus(operation.status) : null,
      operation.advice,
      payment.captureReserved.amount,
      payment.captureBefore,
      operation.seen && JSON.stringify(operation.seen),
    ]);
  }

  /**
   * Writes down money that came too late, all of it reserved for the refund that sends it back by itself; or in another currency,
   * for a person to decide about.
   */
  async addLateCharge(
    payment: Payment,
    fields: { id: string; ref: string; amount: Money; reserved: Money; now: Date },
  ): Promise<void> {
    const { id, ref, amount, reserved, now } = fields;
    await this.database.execute(
      `INSERT INTO billing.late_charges (id, payment_id, gateway_ref, captured, currency, refund_reserved, created_at)
       VALUES ($1, $2, $3, $4, $5, $7, $6)`,
      [id, payment.id, ref, amount.amount, amount.currency, now, reserved.amount],
    );
  }

  /** What a refund of a late charge has changed there. */
  async changeLateCharge({
    id,
    reserved,
    refunded,
  }: {
    id: string;
    reserved: bigint;
    refunded: bigint;
  }): Promise<void> {
    await this.database.execute(
      `UPDATE billing.late_charges SET refund_reserved = refund_reserved + $2, refunded = refunded + $3 WHERE id = $1`,
      [id, reserved, refunded],
    );
  }

  /** What came too late for a payment, oldest first. */
  async lateCharges(paymentId: string): Promise<LateCharge[]> {
    const rows = await this.database.query<LateChargeColumns>(
      `SELECT * FROM billing.late_charges WHERE payment_id = $1 ORDER BY created_at, id`,
      [paymentId],
    );
    return rows.map(toLateCharge);
  }

  /** The payment, locked. */
  async lockPayment(id: string): Promise<Payment | null> {
    const [row] = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE id = $1 FOR UPDATE`,
      [id],
    );
    return row ? toPayment(row) : null;
  }

  /** Writes the state of a payment that no operation changed; the caller holds its lock. */
  async saveStatus(payment: Payment, now: Date): Promise<void> {
    await this.database.execute(
      `UPDATE billing.payments SET status = $2, review_reason = $4, next_action_url = NULL, version = version + 1, updated_at = $3 WHERE id = $1`,
      [payment.id, payment.status, now, payment.reviewReason],
    );
  }

  /**
   * Whether it is time to look at the gateway what a payment has become; then nobody else does so for a moment. By the clock of
   * the database: it is about real time.
   */
  async mayLook(paymentId: string): Promise<boolean> {
    const taken = await this.database.execute(
      `UPDATE billing.payments SET looked_at = now()
        WHERE id = $1 AND (looked_at IS NULL OR looked_at <= now() - interval '${LOOK_PAUSE_MS} ms')`,
      [paymentId],
    );
    return taken === 1;
  }

  async find(paymentId: string): Promise<Payment | null> {
    const [row] = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE id = $1`,
      [paymentId],
    );
    return row ? toPayment(row) : null;
  }

  /** Those of an invoice, oldest first. */
  async ofInvoice(invoiceId: string): Promise<Payment[]> {
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE invoice_id = $1 ORDER BY created_at, id`,
      [invoiceId],
    );
    return rows.map(toPayment);
  }

  async ofOrders(orderIds: readonly string[]): Promise<Payment[]> {
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE order_id = ANY($1::uuid[]) ORDER BY created_at, id`,
      [orderIds],
    );
    return rows.map(toPayment);
  }

  /** The payment when whoever asks is its customer or holds the token of its cart. */
  async findFor(
    paymentId: string,
    customerId: string | null,
    accessHash: Buffer | null,
  ): Promise<Payment | null> {
    const [row] = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p WHERE id = $1 AND (customer_id = $2 OR access_hash = $3)`,
      [paymentId, customerId, accessHash],
    );
    return row ? toPayment(row) : null;
  }

  /** The payment that a charge at the gateway belongs to: by our operation, else by its reference, also where it came too late. */
  async paymentOfCharge(operationId: string | null, ref: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      `SELECT payment_id AS id FROM billing.operations WHERE id = $1
       UNION ALL SELECT id FROM billing.payments WHERE gateway_ref = $2
       UNION ALL SELECT payment_id FROM billing.late_charges WHERE gateway_ref = $2 LIMIT 1`,
      [operationId, ref],
    );
    return row?.id ?? null;
  }

  /** For staff, newest first, from behind `after`. */
  async list(filter: PaymentFilter, after: [string, string] | null, limit: number): Promise<Payment[]> {
    // Only the filters that are there stand in the text: each combination gets the plan that its indexes allow.
    const wanted: [string, unknown][] = [
      ['order_id =', filter.orderId],
      ['customer_id =', filter.customerId],
      ['status =', filter.status],
      ['currency =', filter.currency],
      ['created_at >=', filter.from],
      ['created_at <=', filter.to],
    ];
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => `${condition} $${values.push(value)}`);
    if (filter.needsAttention) conditions.push(NEEDS_ATTENTION);
    if (after) conditions.push(`(created_at, id) < ($${values.push(after[0])}, $${values.push(after[1])})`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.database.query<PaymentColumns>(
      `SELECT ${PAYMENT} FROM billing.payments p ${where} ORDER BY created_at DESC, id DESC LIMIT $1`,
      values,
    );
    return rows.map(toPayment);
  }
}

const NEEDS_ATTENTION = `EXISTS (SELECT FROM billing.operations o WHERE o.payment_id = p.id AND o.attention_since IS NOT NULL)`;

const refundStatus = (status: OperationStatus): string =>
  status === 'succeeded' ? 'succeeded' : status === 'failed' ? 'failed' : 'pending';

/**
 * The predicates of the three unique indexes: one payment of an order at a gateway is alive, and of further amounts and of an
 * invoice, which may be paid in parts, one is open at a time.
 */
const ALONE: Record<PaymentPurpose, string> = {
  order: `status <> 'canceled' AND purpose = 'order' AND instrument_id IS NULL`,
  extra: `status NOT IN ('canceled', 'captured') AND purpose = 'extra' AND instrument_id IS NULL`,
  invoice: `status NOT IN ('canceled', 'captured') AND purpose = 'invoice' AND instrument_id IS NULL`,
};

/** SQL: what the payers of the invoice of `p` have tried within the day before `$11`. */
const RECENT = `billing.operations o JOIN billing.payments q ON q.id = o.payment_id
          WHERE q.invoice_id = p.invoice_id AND o.kind = 'authorize' AND NOT o.off_session AND o.created_at > $11::timestamptz - interval '1 day'`;

const open = (purpose: PaymentPurpose): string => `
  WITH payment AS (
    INSERT INTO billing.payments AS p (id, order_id, customer_id, status, amount, currency, gateway, operation_id, return_url,
      buyer, access_hash, created_at, updated_at, purpose, capture, invoice_id)
    VALUES ($1, $2, $3, 'processing', $4, $5, $6, $7, $8, $9, $10, $11, $11, '${purpose}', $17, $18)
    ON CONFLICT (${purpose === 'invoice' ? 'invoice_id' : 'order_id'}) WHERE ${ALONE[purpose]} DO UPDATE
      SET status = 'processing', amount = excluded.amount, attempts = p.attempts + 1, operation_id = excluded.operation_id, gateway = excluded.gateway,
        capture = excluded.capture, return_url = excluded.return_url, next_action_url = NULL, decline_code = NULL, gateway_ref = NULL,
        access_hash = coalesce(excluded.access_hash, p.access_hash), version = p.version + 1, updated_at = $11
      WHERE p.status IN ('requires_payment_method', 'requires_action')
        AND (p.amount = excluded.amount OR $16::boolean) AND p.currency = excluded.currency
        AND ${purpose === 'invoice' ? `($20::boolean OR (SELECT count(*) FROM ${RECENT}) < $15)` : 'p.attempts < $15'}
    RETURNING p.id, p.attempts
  ), attempt AS (
    INSERT INTO billing.operations
      (id, payment_id, kind, status, attempt, amount, currency, token, next_check_at, created_at, updated_at,
        method_id, off_session, save_method)
    SELECT $7, id, 'authorize', 'created', attempts, $4, $5, $12, $13, $11, $11, $19, $20, $21 FROM payment
  ), screening AS (
    INSERT INTO billing.screenings (operation_id, payment_id, at, facts, network, email, customer, card, link)
    SELECT $7, payment.id, $11, s.facts, s.network, s.email, s.customer, s.card, s.link FROM payment,
      jsonb_to_record($22::jsonb) AS s (facts jsonb, network text, email text, customer text, card text, link text)
      WHERE $22::jsonb IS NOT NULL
  ), superseded AS (
    UPDATE billing.operations o SET status = 'failed', code = 'superseded', token = NULL, next_check_at = NULL, updated_at = $11
      FROM payment WHERE o.payment_id = payment.id AND o.kind = 'authorize' AND o.status = 'pending'
    RETURNING o.payment_id, o.gateway_ref, o.attempt
  ), void AS (
    INSERT INTO billing.operations
      (id, payment_id, kind, status, attempt, amount, currency, gateway_ref, next_check_at, created_at, updated_at)
    SELECT $14, payment_id, 'void', 'created', attempt, $4, $5, gateway_ref, $13, $11, $11
      FROM superseded WHERE gateway_ref IS NOT NULL LIMIT 1
    RETURNING id
  )
  SELECT id, attempts, EXISTS (SELECT FROM void) AS superseded FROM payment`;
const OPEN: Record<PaymentPurpose, string> = {
  order: open('order'),
  extra: open('extra'),
  invoice: open('invoice'),
};

// No gateway is called for it: the number of its operation is its own, and no operation has it.
const TAKEN = `
  INSERT INTO billing.payments (id, order_id, customer_id, status, amount, currency, captured, gateway, purpose, instrument_id,
    last4, operation_id, buyer, access_hash, created_at, updated_at, invoice_id)
  VALUES ($1, $2, $3, 'captured', $4, $5, $4, $6, $7, $8, $9, $1, $10, $11, $12, $12, $13)`;

const GIVE_TO = `
  WITH held AS (
    SELECT id FROM billing.payments WHERE order_id = ANY ($2::uuid[]) AND customer_id IS NULL ORDER BY id FOR UPDATE
  )
  UPDATE billing.payments p SET customer_id = $1 FROM held WHERE p.id = held.id`;

const SAVE = `
  WITH operation AS (
    UPDATE billing.operations
       SET status = $2, gateway_ref = $3, gateway_version = $4, code = $5, next_check_at = $6, updated_at = $7, advice = $21,
         token = CASE WHEN $2 IN ('created', 'unknown') THEN token END,
         attention_since = CASE WHEN $6::timestamptz IS NOT NULL THEN attention_since END
     WHERE id = $1
  ), payment AS (
    UPDATE billing.payments
       SET status = $9, captured = $10, refund_reserved = $11, refunded = $12, gateway_ref = $13, decline_code = $14,
         review_reason = $15, next_action_url = $16, capture_reserved = $22, capture_before = $23, version = version + 1, updated_at = $7
     WHERE id = $8
  ), refund AS (
    UPDATE billing.refunds
       SET status = $20, failure_code = CASE WHEN $20 = 'failed' THEN $5 END, version = version + 1,
         settled_at = CASE WHEN $20 = 'pending' THEN NULL ELSE $7 END
     WHERE operation_id = $1 AND $20::text IS NOT NULL
  ), screening AS (
    UPDATE billing.screenings s
       SET card = coalesce(seen.card, s.card), risk = coalesce(seen.risk, s.risk),
         fired = CASE WHEN seen.fired = '[]' THEN s.fired ELSE coalesce(s.fired, '[]') || seen.fired END,
         outcome = CASE WHEN seen."isHeldBack" THEN 'review' ELSE s.outcome END
      FROM jsonb_to_record($24::jsonb) AS seen (card text, risk integer, fired jsonb, "isHeldBack" boolean)
     WHERE s.operation_id = $1 AND $24::jsonb IS NOT NULL
  ), marks AS (
    UPDATE billing.screening_marks m
       SET has_failed = false, card = coalesce(seen.card, m.card),
         key = CASE WHEN m.key = m.card THEN coalesce(seen.card, m.key) ELSE m.key END
      FROM jsonb_to_record($24::jsonb) AS seen (card text)
     WHERE m.operation_id = $1 AND $24::jsonb IS NOT NULL
  ), review AS (
    INSERT INTO billing.payment_reviews (payment_id, reason, opened_at, expires_at)
    SELECT $8, coalesce($15, 'unknown'), $7, $23 WHERE $9 = 'requires_review' ON CONFLICT DO NOTHING
  ), transactions AS (
    INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, payment_id, order_id, effective_at)
    SELECT id, kind, source_type, source_id, $8, $19, $7
      FROM jsonb_to_recordset($17) AS t (id uuid, kind text, source_type text, source_id uuid)
  )
  INSERT INTO billing.ledger_entries (transaction_id, position, account, currency, amount)
  SELECT transaction_id, position, account, currency, amount
    FROM jsonb_to_recordset($18) AS e (transaction_id uuid, position integer, account text, currency text, amount bigint)`;
