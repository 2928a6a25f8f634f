import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { Collection, type CollectionFields } from './collection.entity.js';
import type { NewCollection } from './collections.service.js';
import type { DunningPolicy } from './dunning-policy.js';

/** A collection with what its invoice says now. */
export interface Collecting {
  readonly collection: Collection;
  /** What is still to be paid. */
  readonly due: Money;
  readonly number: string | null;
  readonly invoiceState: string;
}

type Row = CollectionFields & { due: string; currency: string; number: string | null; invoiceState: string };

export interface CollectionFilter {
  readonly state: string | null;
  readonly customerId: string | null;
  readonly subscriptionId: string | null;
}

/** Collections, one for each invoice. Their row is locked behind the subscription and before the payments. */
@Injectable()
export class CollectionRepository {
  constructor(private readonly database: Database) {}

  async insert(collection: NewCollection, policy: DunningPolicy, now: Date): Promise<void> {
    const { invoiceId, subscriptionId, customerId, methodId } = collection;
    const values = [invoiceId, subscriptionId, customerId, methodId];
    await this.database.execute(INSERT, [...values, policy.id, policy.retryDays, policy.endAction, now]);
  }

  async find(invoiceId: string): Promise<Collecting | null> {
    return this.one(`${SELECT} WHERE c.invoice_id = $1`, [invoiceId]);
  }

  async lock(invoiceId: string): Promise<Collecting | null> {
    return this.one(`${SELECT} WHERE c.invoice_id = $1 FOR UPDATE OF c`, [invoiceId]);
  }

  /** The next one that an attempt, or the announcement of one, is due of; locked. Those that others hold are passed over. */
  async lockDue(now: Date): Promise<Collecting | null> {
    return this.one(DUE, [now]);
  }

  /** This one, when an attempt is due of it; whoever holds it is waited for. */
  async lockDueOf(invoiceId: string, now: Date): Promise<Collecting | null> {
    return this.one(DUE_OF, [now, invoiceId]);
  }

  async lockToRemind(now: Date): Promise<Collecting | null> {
    return this.one(TO_REMIND, [now]);
  }

  /** When, after this moment, the next attempt or announcement is due. */
  async nextDue(after: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(NEXT_DUE, [after]);
    return row?.at ?? null;
  }

  /** Those of a customer that are under way and have failed at least once, locked. */
  async lockFailing(customerId: string): Promise<Collecting[]> {
    const rows = await this.database.query<Row>(FAILING, [customerId]);
    return rows.map(toCollecting);
  }

  /** Those of a customer that are under way and charged to this method by name: nobody else is at them. */
  async lockOfMethod(customerId: string, methodId: string): Promise<void> {
    await this.database.query(
      `SELECT invoice_id FROM billing.collections
       WHERE customer_id = $1 AND method_id = $2 AND state = 'collecting' ORDER BY invoice_id FOR UPDATE`,
      [customerId, methodId],
    );
  }

  /** Under their locks: those of a subscription that were charged to this method are charged to the default from now on. */
  async chargeDefault(subscriptionId: string, methodId: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.collections SET method_id = NULL
       WHERE subscription_id = $1 AND method_id = $2 AND state = 'collecting'`,
      [subscriptionId, methodId],
    );
  }

  /** The caller holds its lock. */
  async save(collection: Collection): Promise<void> {
    await this.database.execute(SAVE, [
      collection.invoiceId,
      collection.methodId,
      collection.state,
      collection.step,
      collection.stepAt,
      collection.extraAt,
      collection.remindAt,
      collection.errors,
      collection.firstFailedAt,
      collection.code,
      collection.endedAt,
    ]);
  }

  /** For staff, newest first, from behind `after`. */
  async list(filter: CollectionFilter, after: string | null, limit: number): Promise<Collecting[]> {
    const wanted: [string, unknown][] = [
      ['c.state =', filter.state],
      ['c.customer_id =', filter.customerId],
      ['c.subscription_id =', filter.subscriptionId],
      ['c.invoice_id <', after],
    ];
    const values: unknown[] = [limit];
    const conditions = wanted
      .filter(([, value]) => value !== null)
      .map(([condition, value]) => `${condition} $${values.push(value)}`);
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.database.query<Row>(
      `${SELECT} ${where} ORDER BY c.invoice_id DESC LIMIT $1`,
      values,
    );
    return rows.map(toCollecting);
  }

  private async one(text: string, values: unknown[]): Promise<Collecting | null> {
    const [row] = await this.database.query<Row>(text, values);
    return row ? toCollecting(row) : null;
  }
}

const toCollecting = ({ due, currency, number, invoiceState, ...fields }: Row): Collecting => ({
  collection: new Collection(fields),
  due: Money.of(BigInt(due), currency),
  number,
  invoiceState,
});

const SELECT = `
  SELECT c.invoice_id AS "invoiceId", c.subscription_id AS "subscriptionId", c.customer_id AS "customerId",
    c.method_id AS "methodId", c.policy_id AS "policyId", c.retry_days AS "retryDays", c.end_action AS "endAction", c.state, c.step,
    c.step_at AS "stepAt", c.extra_at AS "extraAt", c.remind_at AS "remindAt", c.errors, c.first_failed_at AS "firstFailedAt",
    c.code, c.created_at AS "createdAt", c.ended_at AS "endedAt", (i.total - i.settled)::text AS due, i.currency, i.number,
    i.state AS "invoiceState"
  FROM billing.collections c JOIN billing.invoices i ON i.id = c.invoice_id`;
const INSERT = `
  INSERT INTO billing.collections (invoice_id, subscription_id, customer_id, method_id, policy_id, retry_days, end_action, state,
    step_at, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 'collecting', $8, $8) ON CONFLICT (invoice_id) DO NOTHING`;
// A draft waits for its number; what is no longer open is ended by whoever hears of it.
// `collections_due` is walked, so that of ten thousand that are due at midnight only the first is read.
const DUE = `${SELECT}
  WHERE least(c.step_at, c.extra_at) <= $1 AND i.state = 'open'
  ORDER BY least(c.step_at, c.extra_at), c.invoice_id LIMIT 1 FOR UPDATE OF c SKIP LOCKED`;
const DUE_OF = `${SELECT}
  WHERE c.invoice_id = $2 AND least(c.step_at, c.extra_at) <= $1 AND i.state = 'open' FOR UPDATE OF c`;
const TO_REMIND = `${SELECT}
  WHERE c.remind_at <= $1 AND i.state = 'open' ORDER BY c.remind_at, c.invoice_id LIMIT 1 FOR UPDATE OF c SKIP LOCKED`;
const NEXT_DUE = `
  SELECT least((SELECT min(step_at) FROM billing.collections WHERE step_at > $1),
    (SELECT min(extra_at) FROM billing.collections WHERE extra_at > $1),
    (SELECT min(remind_at) FROM billing.collections WHERE remind_at > $1)) AS at`;
const FAILING = `${SELECT}
  WHERE c.customer_id = $1 AND c.state = 'collecting' AND c.first_failed_at IS NOT NULL ORDER BY c.invoice_id FOR UPDATE OF c`;
const SAVE = `
  UPDATE billing.collections SET method_id = $2, state = $3, step = $4, step_at = $5, extra_at = $6, remind_at = $7, errors = $8,
    first_failed_at = $9, code = $10, ended_at = $11
  WHERE invoice_id = $1`;
