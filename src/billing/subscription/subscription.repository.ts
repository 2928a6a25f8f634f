import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { InvoiceState } from '../invoice/invoice-content.js';
import type { PaymentStatus } from '../payment/payment.entity.js';
import { PLAN_TERMS } from '../plan/plan.repository.js';
import type { BillingPeriod } from './periods.js';
import type { BilledPeriod, Subscription, SubscriptionItem } from './subscription.js';
import { IS_DUE, type Row, SELECT, toSubscription, valuesOf } from './subscription.row.js';

type ItemRow = Omit<SubscriptionItem, 'billed' | 'credited' | 'standsFor'> & {
  billed: string;
  credited: string;
  standsFor: { code: string; since: string } | null;
};

/** What a subscription becomes; the rest of it never changes. */
export type Changed = Partial<Omit<Subscription, 'id' | 'kind' | 'currency' | 'createdAt' | 'version'>>;

export interface SubscriptionFilter {
  readonly state: string | null;
  readonly customerId: string | null;
  readonly planId: string | null;
  readonly parked: boolean | null;
}

/** How far the payment of an open invoice is. */
export interface OpenPaymentRow {
  readonly id: string;
  readonly invoiceId: string;
  readonly status: PaymentStatus;
  readonly declineCode: string | null;
  readonly nextActionUrl: string | null;
}

/** Subscriptions, what they are for, and the periods that were billed. The subscription is locked before its invoices. */
@Injectable()
export class SubscriptionRepository {
  constructor(private readonly database: Database) {}

  async insert(one: Subscription): Promise<void> {
    await this.database.execute(INSERT, [one.id, ...valuesOf(one), one.kind, one.currency, one.createdAt]);
  }

  async find(id: string): Promise<Subscription | null> {
    return this.one(`${SELECT} WHERE s.id = $1`, [id]);
  }

  async lock(id: string): Promise<Subscription | null> {
    return this.one(`${SELECT} WHERE s.id = $1 FOR UPDATE`, [id]);
  }

  /** The caller holds its lock. Answers it as it is then. */
  async change(present: Subscription, to: Changed): Promise<Subscription> {
    const next = { ...present, ...to, version: present.version + 1 };
    await this.database.execute(UPDATE, [next.id, ...valuesOf(next)]);
    return next;
  }

  /** One that is to be billed, locked; null when it is not due any more, or somebody else is at it. */
  async lockDue(id: string, now: Date): Promise<Subscription | null> {
    return this.one(`${SELECT} WHERE s.id = $2 AND ${IS_DUE} FOR UPDATE SKIP LOCKED`, [now, id]);
  }

  /** The subscription that an invoice is of, locked; null: of none. */
  async lockOfInvoice(invoiceId: string): Promise<Subscription | null> {
    return this.one(
      `${SELECT} WHERE s.id = (SELECT subscription_id FROM billing.invoices WHERE id = $1) FOR UPDATE`,
      [invoiceId],
    );
  }

  /** A page, the newest first. */
  async list(filter: SubscriptionFilter, after: string | null, limit: number): Promise<Subscription[]> {
    const { state, customerId, planId, parked } = filter;
    const rows = await this.database.query<Row>(LIST, [state, customerId, planId, parked, after, limit]);
    return rows.map(toSubscription);
  }

  /** Of a person, the oldest first. */
  async ofCustomer(customerId: string, after: string | null, limit: number): Promise<Subscription[]> {
    const rows = await this.database.query<Row>(
      `${SELECT} WHERE s.customer_id = $1 AND ($2::uuid IS NULL OR s.id > $2) ORDER BY s.id LIMIT $3`,
      [customerId, after, limit],
    );
    return rows.map(toSubscription);
  }

  /** In the caller's transaction: those of a person that are not over, locked. */
  async lockLiving(customerId: string): Promise<Subscription[]> {
    const rows = await this.database.query<Row>(
      `${SELECT} WHERE s.customer_id = $1 AND s.state NOT IN ('canceled', 'incomplete_expired') ORDER BY s.id FOR UPDATE`,
      [customerId],
    );
    return rows.map(toSubscription);
  }

  /** Nothing says any more whose they were. */
  async anonymise(customerId: string): Promise<void> {
    await this.database.execute(
      'UPDATE billing.subscriptions SET customer_id = NULL, method_id = NULL, buyer = NULL, cancel_reason = NULL WHERE customer_id = $1',
      [customerId],
    );
  }

  async addItem(item: SubscriptionItem): Promise<void> {
    const { id, subscriptionId, terms, quantity, since, billed, credited, tax, standsFor } = item;
    await this.database.execute(
      `INSERT INTO billing.subscription_items (id, subscription_id, plan_version_id, quantity, since, billed, credited, tax,
         stands_for) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        subscriptionId,
        terms.id,
        quantity,
        since,
        billed,
        credited,
        tax === null ? null : JSON.stringify(tax),
        standsFor === null ? null : JSON.stringify(standsFor),
      ],
    );
  }

  /** What a subscription is for now. */
  async item(subscriptionId: string): Promise<SubscriptionItem> {
    const [item] = await this.presentItems([subscriptionId]);
    if (item === undefined) throw new Error(`subscription ${subscriptionId} is for nothing`);
    return item;
  }

  /** What these subscriptions are for now, or were for at last. */
  async presentItems(subscriptionIds: readonly string[]): Promise<SubscriptionItem[]> {
    const rows = await this.database.query<ItemRow>(
      `${ITEM} WHERE i.subscription_id = ANY ($1::uuid[]) AND i.until IS NULL`,
      [subscriptionIds],
    );
    return rows.map(toItem);
  }

  /** All that a subscription was for, the oldest first. */
  async items(subscriptionId: string): Promise<SubscriptionItem[]> {
    const rows = await this.database.query<ItemRow>(
      `${ITEM} WHERE i.subscription_id = $1 ORDER BY i.since, i.id`,
      [subscriptionId],
    );
    return rows.map(toItem);
  }

  async endItem(id: string, at: Date): Promise<void> {
    await this.database.execute('UPDATE billing.subscription_items SET until = $2 WHERE id = $1', [id, at]);
  }

  /** Under the lock of the subscription: what the running period was billed for it, and what of that was given back. */
  async billItem(
    id: string,
    { billed, credited, tax }: Pick<SubscriptionItem, 'billed' | 'credited' | 'tax'>,
  ): Promise<void> {
    await this.database.execute(
      'UPDATE billing.subscription_items SET billed = $2, credited = $3, tax = $4, stands_for = NULL WHERE id = $1',
      [id, billed, credited, tax === null ? null : JSON.stringify(tax)],
    );
  }

  /** Says that a period is billed; false when it is already: then nobody bills it again. */
  async claimPeriod(
    { id, scheduleNo }: Pick<Subscription, 'id' | 'scheduleNo'>,
    { index, start, end }: BillingPeriod,
    itemId: string,
    now: Date,
  ): Promise<boolean> {
    const claimed = await this.database.execute(
      `INSERT INTO billing.invoice_periods (subscription_id, schedule_no, period_index, period_start, period_end, item_id, billed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [id, scheduleNo, index, start, end, itemId, now],
    );
    return claimed === 1;
  }

  async invoicedPeriod(
    { id, scheduleNo }: Pick<Subscription, 'id' | 'scheduleNo'>,
    { index }: BillingPeriod,
    invoiceId: string,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE billing.invoice_periods SET invoice_id = $4
       WHERE subscription_id = $1 AND schedule_no = $2 AND period_index = $3`,
      [id, scheduleNo, index, invoiceId],
    );
  }

  async isBilled({ id, scheduleNo }: Subscription, { index }: BillingPeriod): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM billing.invoice_periods
         WHERE subscription_id = $1 AND schedule_no = $2 AND period_index = $3) AS found`,
      [id, scheduleNo, index],
    );
    return row?.found ?? false;
  }

  /** The periods that were billed, a page, the newest first. */
  async periods(subscriptionId: string, limit: number): Promise<BilledPeriod[]> {
    const rows = await this.database.query<Omit<BilledPeriod, 'period'> & BillingPeriod>(
      `SELECT subscription_id AS "subscriptionId", schedule_no AS "scheduleNo", period_index AS index,
         period_start::text AS start, period_end::text AS "end", item_id AS "itemId", invoice_id AS "invoiceId",
         billed_at AS "billedAt"
       FROM billing.invoice_periods WHERE subscription_id = $1 ORDER BY schedule_no DESC, period_index DESC LIMIT $2`,
      [subscriptionId, limit],
    );
    return rows.map(({ index, start, end, ...row }) => ({ ...row, period: { index, start, end } }));
  }

  /** The last payment of the oldest invoice that is open; null: nobody has tried to pay it, or none is. */
  async openPayment(subscriptionId: string): Promise<OpenPaymentRow | null> {
    const [row] = await this.database.query<OpenPaymentRow>(OPEN_PAYMENT, [subscriptionId]);
    return row ?? null;
  }

  /** Invoices of it that are not paid; drafts too. */
  async openInvoices(
    subscriptionId: string,
    states: readonly InvoiceState[] = ['draft', 'open'],
  ): Promise<{ id: string; state: InvoiceState }[]> {
    return this.database.query(
      `SELECT id, state FROM billing.invoices WHERE subscription_id = $1 AND state = ANY ($2::text[]) ORDER BY id`,
      [subscriptionId, states],
    );
  }

  /**
   * Whether something of it is owed on this day: before it has begun whatever is not paid, later only what is charged from its first
   * day on, or what its customer is sent and was due on a day before.
   */
  async owes({ id, state }: Pick<Subscription, 'id' | 'state'>, today: string): Promise<boolean> {
    const values = [id, state === 'incomplete', today];
    const [row] = await this.database.query<{ owes: boolean }>(OWES, values);
    return row?.owes ?? false;
  }

  private async one(text: string, values: unknown[]): Promise<Subscription | null> {
    const [row] = await this.database.query<Row>(text, values);
    return row ? toSubscription(row) : null;
  }
}

const toItem = ({ billed, credited, standsFor, ...row }: ItemRow): SubscriptionItem => ({
  ...row,
  billed: BigInt(billed),
  credited: BigInt(credited),
  standsFor: standsFor && { ...standsFor, since: new Date(standsFor.since) },
  terms: { ...row.terms, validFrom: new Date(row.terms.validFrom), createdAt: new Date(row.terms.createdAt) },
});

const INSERT = `
  INSERT INTO billing.subscriptions (id, customer_id, state, schedule_no, anchor_date, zone, interval_unit, interval_count,
    next_period, next_bill_at, trial_ends_at, collection, method_id, buyer, country, cancel_at_period_end, cancel_reason,
    scheduled_change, parked_reason, expires_at, paused_at, ended_at, version, reverse_charge, kind, currency, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`;
const UPDATE = `
  UPDATE billing.subscriptions SET customer_id = $2, state = $3, schedule_no = $4, anchor_date = $5, zone = $6,
    interval_unit = $7, interval_count = $8, next_period = $9, next_bill_at = $10, trial_ends_at = $11, collection = $12,
    method_id = $13, buyer = $14, country = $15, cancel_at_period_end = $16, cancel_reason = $17, scheduled_change = $18,
    parked_reason = $19, expires_at = $20, paused_at = $21, ended_at = $22, version = $23, reverse_charge = $24
  WHERE id = $1`;
const LIST = `${SELECT}
  WHERE ($1::text IS NULL OR s.state = $1) AND ($2::uuid IS NULL OR s.customer_id = $2)
    AND ($3::uuid IS NULL OR EXISTS (SELECT FROM billing.subscription_items i
      JOIN billing.plan_versions v ON v.id = i.plan_version_id
      WHERE i.subscription_id = s.id AND i.until IS NULL AND v.plan_id = $3))
    AND ($4::boolean IS NULL OR (s.parked_reason IS NOT NULL) = $4)
    AND ($5::uuid IS NULL OR s.id < $5)
  ORDER BY s.id DESC LIMIT $6`;
const OPEN_PAYMENT = `
  SELECT p.id, p.invoice_id AS "invoiceId", p.status, p.decline_code AS "declineCode", p.next_action_url AS "nextActionUrl"
  FROM billing.payments p
  WHERE p.status <> 'canceled' AND p.invoice_id = (SELECT i.id FROM billing.invoices i
    WHERE i.subscription_id = $1 AND i.state IN ('draft', 'open') ORDER BY i.id LIMIT 1)
  ORDER BY p.created_at DESC, p.id DESC LIMIT 1`;
const OWES = `
  SELECT EXISTS (SELECT FROM billing.invoices i LEFT JOIN billing.collections c ON c.invoice_id = i.id
    WHERE i.subscription_id = $1 AND (i.state IN ('draft', 'open') AND ($2 OR c.invoice_id IS NOT NULL OR i.due_date < $3::date)
      OR i.state = 'uncollectible' AND $2)) AS owes`;
const ITEM = `
  SELECT i.id, i.subscription_id AS "subscriptionId", i.quantity, i.since, i.until, i.billed::text, i.credited::text, i.tax,
    i.stands_for AS "standsFor",
    (${PLAN_TERMS}) AS terms
  FROM billing.subscription_items i
  JOIN billing.plan_versions v ON v.id = i.plan_version_id JOIN billing.plans p ON p.id = v.plan_id`;
