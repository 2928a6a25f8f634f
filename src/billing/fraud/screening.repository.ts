import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import type { OperationStatus } from '../payment/operation.entity.js';
import type { Facts, Fired, ScreeningOutcome, Velocity, VelocityKey } from './fraud-rule.js';
import type { ScreeningKeys } from './screening-facts.js';

/** A rule of which all holds that needs no counting. */
export interface Candidate {
  readonly fired: Fired;
  readonly velocity: readonly (Velocity & { readonly key: string })[];
}

/** An attempt of a shopper with what is known of it. */
export interface Screening {
  readonly operationId: string;
  readonly paymentId: string;
  readonly orderId: string | null;
  readonly at: Date;
  readonly amount: Money;
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
  payment_id: string;
  order_id: string | null;
  at: Date;
  facts: Facts;
  outcome: ScreeningOutcome | null;
  fired: Fired[] | null;
  risk: number | null;
  status: OperationStatus;
}

/** Attempts as they were screened. They are written with the operation that they are about (`PaymentRepository`). */
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
}

const READ = `
  SELECT s.*, o.status, p.order_id FROM billing.screenings s JOIN billing.operations o ON o.id = s.operation_id
  JOIN billing.payments p ON p.id = s.payment_id`;

const toScreening = (row: Row): Screening => ({
  operationId: row.operation_id,
  paymentId: row.payment_id,
  orderId: row.order_id,
  at: row.at,
  amount: Money.of(BigInt(row.facts.amount), row.facts.currency),
  facts: row.facts,
  keys: { network: row.network, email: row.email, customer: row.customer, card: row.card },
  outcome: row.outcome,
  fired: row.fired ?? [],
  risk: row.risk,
  status: row.status,
});
