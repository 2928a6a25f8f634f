import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import type { Advice } from '../gateway/payment-gateway.port.js';
import type { OperationStatus } from '../payment/operation.entity.js';
import type { AttemptKind, AttemptOutcome, CardAttempt } from './collection.entity.js';

/** One attempt, or the decision that none could work. */
export interface Attempt {
  readonly id: string;
  readonly invoiceId: string;
  readonly kind: AttemptKind;
  readonly step: number;
  readonly amount: Money;
  readonly operationId: string | null;
  readonly methodId: string | null;
  readonly outcome: AttemptOutcome | null;
  readonly code: string | null;
  readonly advice: Advice | null;
  readonly at: Date;
  readonly decidedAt: Date | null;
}

export interface NewAttempt extends Omit<Attempt, 'id' | 'advice' | 'decidedAt'> {
  readonly brand: string | null;
  readonly fingerprint: string | null;
}

/** The attempt that nobody knows the end of, with its operation as it is now. */
export interface OpenAttempt {
  readonly id: string;
  readonly kind: AttemptKind;
  readonly status: OperationStatus;
  readonly code: string | null;
  readonly advice: Advice | null;
}

/** Any number: apart from other advisory locks. */
const CARDS = 4_711_060;

type Row = Omit<Attempt, 'amount'> & { amount: string; currency: string };

/** Attempts to collect. An invoice has one open attempt at the most. */
@Injectable()
export class CollectionAttemptRepository {
  constructor(private readonly database: Database) {}

  /** One that is open takes the place of an earlier open one, which its payer has walked away from. */
  async add(attempt: NewAttempt): Promise<void> {
    if (attempt.outcome === null)
      await this.database.execute(
        `UPDATE billing.collection_attempts SET outcome = 'superseded', decided_at = $2 WHERE invoice_id = $1 AND outcome IS NULL`,
        [attempt.invoiceId, attempt.at],
      );
    await this.database.execute(ADD, [
      newId(),
      attempt.invoiceId,
      attempt.kind,
      attempt.step,
      attempt.amount.amount,
      attempt.amount.currency,
      attempt.operationId,
      attempt.methodId,
      attempt.brand,
      attempt.fingerprint,
      attempt.outcome,
      attempt.code,
      attempt.at,
    ]);
  }

  async open(invoiceId: string): Promise<OpenAttempt | null> {
    const [row] = await this.database.query<OpenAttempt>(
      `SELECT a.id, a.kind, o.status, o.code, o.advice FROM billing.collection_attempts a
         JOIN billing.operations o ON o.id = a.operation_id WHERE a.invoice_id = $1 AND a.outcome IS NULL`,
      [invoiceId],
    );
    return row ?? null;
  }

  async decide(
    id: string,
    to: { outcome: AttemptOutcome; code: string | null; advice: Advice | null },
    now: Date,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE billing.collection_attempts SET outcome = $2, code = $3, advice = $4, decided_at = $5 WHERE id = $1 AND outcome IS NULL`,
      [id, to.outcome, to.code, to.advice, now],
    );
  }

  /** Whether a method was tried on an invoice or found to be of no use, or anything was tried after the fact of that id. */
  async wasTried(invoiceId: string, methodId: string, factId: string): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM billing.collection_attempts
         WHERE invoice_id = $1 AND (method_id = $2 OR id > $3)) AS found`,
      [invoiceId, methodId, factId],
    );
    return row?.found ?? false;
  }

  /** Of one invoice, the oldest first. */
  async ofInvoice(invoiceId: string): Promise<Attempt[]> {
    const rows = await this.database.query<Row>(`${SELECT} WHERE invoice_id = $1 ORDER BY id`, [invoiceId]);
    return rows.map(({ amount, currency, ...row }) => ({
      ...row,
      amount: Money.of(BigInt(amount), currency),
    }));
  }

  /** In a transaction: whoever begins an attempt on a card counts what others have begun on it, and not at the same time. */
  async lockCard(card: string): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [CARDS, card]);
  }

  /** What has failed or is under way on a card, on whatever invoice and however often it was kept; and on this method. */
  async ofCard(fingerprint: string | null, methodId: string): Promise<CardAttempt[]> {
    const rows = await this.database.query<Omit<CardAttempt, 'amount'> & { amount: string }>(OF_CARD, [
      fingerprint,
      methodId,
    ]);
    return rows.map((row) => ({ ...row, amount: BigInt(row.amount) }));
  }
}

const ADD = `
  INSERT INTO billing.collection_attempts
    (id, invoice_id, kind, step, amount, currency, operation_id, method_id, brand, fingerprint, outcome, code, at, decided_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $11::text IS NOT NULL THEN $13::timestamptz END)`;
const SELECT = `
  SELECT id, invoice_id AS "invoiceId", kind, step, amount::text, currency, operation_id AS "operationId", method_id AS "methodId",
    outcome, code, advice, at, decided_at AS "decidedAt" FROM billing.collection_attempts`;
const OF_CARD = `
  SELECT at, invoice_id AS "invoiceId", amount::text, currency, method_id AS "methodId", outcome, code, advice
  FROM billing.collection_attempts
  WHERE (fingerprint = $1 OR method_id = $2) AND (outcome IN ('declined', 'needs_customer') OR outcome IS NULL)
  ORDER BY at DESC LIMIT 500`;
