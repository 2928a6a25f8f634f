import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { OperationStatus } from '../payment/operation.entity.js';
import type { Facts, Fired, ScreeningOutcome, Velocity, VelocityKey } from './fraud-rule.js';
import type { ToScreen } from './fraud-screen.service.js';
import type { AttemptFacts, ScreeningKeys } from './screening-facts.js';
import { SCREENING, type ScreeningColumns, toScreen } from './screening.rows.js';

/** A rule of which all holds that needs no counting. */
export interface Candidate {
  readonly fired: Fired;
  readonly velocity: readonly (Velocity & { readonly key: string })[];
}

/** An attempt with what is known of it. */
export interface Screening {
  /** Of a method that is to be kept: the set-up. */
  readonly operationId: string;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly at: Date;
  /** Null: nothing is charged. */
  readonly amount: Money | null;
  readonly facts: Facts;
  readonly keys: ScreeningKeys;
  /** Null: no rule was there to look at it. */
  readonly outcome: ScreeningOutcome | null;
  readonly fired: readonly Fired[];
  readonly risk: number | null;
  /** What became of it at the gateway; one that was blocked never got there. */
  readonly status: OperationStatus;
}

interface Row extends Record<VelocityKey, string | null> {
  operation_id: string;
  payment_id: string | null;
  order_id: string | null;
  at: Date;
  facts: Facts;
  outcome: ScreeningOutcome | null;
  fired: Fired[] | null;
  risk: number | null;
  status: OperationStatus;
}

/**
 * Attempts as they were screened. Those to pay are written with the operation that they are about (`PaymentRepository`), as is what
 * became of them.
 */
@Injectable()
export class ScreeningRepository {
  constructor(private readonly database: Database) {}

  /** Counts, decides and writes it down, in one statement; an attempt that was screened before gets the answer of then. */
  async screen(
    operationId: string,
    now: Date,
    card: string | null,
    candidates: readonly Candidate[],
  ): Promise<ScreeningOutcome | null> {
    const [row] = await this.database.query<{ outcome: ScreeningOutcome | null }>(
      'SELECT billing.screen_attempt($1, $2, $3, $4) AS outcome',
      [operationId, now, card, JSON.stringify(candidates)],
    );
    return row?.outcome ?? null;
  }

  /** Writes down that a method is about to be kept; `id` is that of the set-up. */
  async add(id: string, { facts, ...keys }: AttemptFacts, at: Date): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.screenings (operation_id, at, facts, network, email, customer, card, link)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, at, facts, keys.network, keys.email, keys.customer, keys.card, keys.link],
    );
  }

  /** An attempt that is about to be screened, with the number of the present set of rules. */
  async find(id: string): Promise<ToScreen | null> {
    const [row] = await this.database.query<ScreeningColumns>(
      `SELECT ${SCREENING} FROM billing.screenings s WHERE operation_id = $1`,
      [id],
    );
    return row ? toScreen(row) : null;
  }

  /** In the caller's transaction: a method is kept, which its gateway knows by a fingerprint; the attempt was none that failed. */
  async succeeded(id: string, card: string | null): Promise<void> {
    await this.database.execute(SUCCEEDED, [id, card]);
  }

  /** Whether an attempt that was not blocked is counted as one that failed. */
  async judge(id: string, isFailure: boolean): Promise<void> {
    await this.database.execute(
      'UPDATE billing.screening_marks SET has_failed = has_passed AND $2 WHERE operation_id = $1',
      [id, isFailure],
    );
  }

  /** The newest of a time, both ends inclusive; the newest first. */
  async between(from: Date, until: Date, limit: number): Promise<Screening[]> {
    const rows = await this.database.query<Row>(
      `${READ} WHERE s.at BETWEEN $1 AND $2 ORDER BY s.at DESC, s.operation_id DESC LIMIT $3`,
      [from, until, limit],
    );
    return rows.map(toScreening);
  }

  /** The attempts of these payments, the oldest first. */
  async ofPayments(paymentIds: readonly string[]): Promise<Screening[]> {
    const rows = await this.database.query<Row>(
      `${READ} WHERE o.payment_id = ANY ($1::uuid[]) ORDER BY s.at, s.operation_id`,
      [paymentIds],
    );
    return rows.map(toScreening);
  }

  /** Forgets some of what is older; answers how many there were. */
  forget(before: Date, limit: number): Promise<number> {
    return this.database.execute(
      `DELETE FROM billing.screenings
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM billing.screenings WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      [before, limit],
    );
  }

  /** Forgets some of what is counted, which no rule looks back at any more. */
  forgetMarks(before: Date, limit: number): Promise<number> {
    return this.database.execute(
      `DELETE FROM billing.screening_marks
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM billing.screening_marks WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      [before, limit],
    );
  }
}

const READ = `
  SELECT s.*, coalesce(o.status, m.status) AS status, p.order_id FROM billing.screenings s
    LEFT JOIN billing.operations o ON o.id = s.operation_id
    LEFT JOIN billing.payments p ON p.id = s.payment_id
    LEFT JOIN LATERAL (
      SELECT CASE status WHEN 'requires_action' THEN 'pending' WHEN 'processing' THEN 'unknown' ELSE status END AS status
        FROM billing.payment_method_setups WHERE id = s.operation_id) AS m ON true`;

const SUCCEEDED = `
  WITH screening AS (
    UPDATE billing.screenings SET card = coalesce($2, card) WHERE operation_id = $1
  )
  UPDATE billing.screening_marks
     SET has_failed = false, card = coalesce($2, card), key = CASE WHEN key = card THEN coalesce($2, key) ELSE key END
   WHERE operation_id = $1`;

const toScreening = (row: Row): Screening => ({
  operationId: row.operation_id,
  paymentId: row.payment_id,
  orderId: row.order_id,
  at: row.at,
  amount:
    row.facts.amount === null || row.facts.currency === null
      ? null
      : Money.of(BigInt(row.facts.amount), row.facts.currency),
  facts: row.facts,
  keys: { network: row.network, email: row.email, customer: row.customer, card: row.card, link: row.link },
  outcome: row.outcome,
  fired: row.fired ?? [],
  risk: row.risk,
  status: row.status,
});
