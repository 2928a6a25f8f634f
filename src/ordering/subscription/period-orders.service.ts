import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { Problem } from '../../platform/http/problem.js';
import { Mail } from '../../platform/mail/mail.js';
import { PlacingService } from '../checkout/placing.service.js';
import { cartOf, pricesOf } from '../draft-order/draft-order.js';
import { DraftQuotes } from '../draft-order/draft-quotes.service.js';
import { OrderRepository } from '../order/order.repository.js';
import type { PeriodOfGoods, PeriodOrder } from './basket.js';
import { missedMail } from './basket.mails.js';
import { BasketDrafts, type PeriodDraft } from './basket-drafts.service.js';
import { BasketRepository } from './basket.repository.js';
import { PeriodPayments } from './period-payments.service.js';

/** So long its goods are held while the buyer is asked to pay otherwise. */
const HOLD_MS = 7 * 86_400_000;
const ACTOR = system('subscription');

/**
 * Makes one order of each period of a subscription to goods, by the way of every other order: written and held in one transaction,
 * charged to the kept method with none open, and placed by what came of that. Whatever dies in between goes on where it stopped.
 */
@Injectable()
export class PeriodOrders {
  private readonly log = new Logger('ordering');

  constructor(
    private readonly database: Database,
    private readonly rows: BasketRepository,
    private readonly drafts: BasketDrafts,
    private readonly quotes: DraftQuotes,
    private readonly placing: PlacingService,
    private readonly orders: OrderRepository,
    private readonly payments: PeriodPayments,
    private readonly mail: Mail,
    private readonly clock: Clock,
  ) {}

  /** Safe to repeat, and beside itself. */
  async make(period: PeriodOfGoods): Promise<void> {
    const claimed = await this.database.transaction(() => this.rows.claim(period, this.clock.now()));
    const made = claimed.state === 'due' ? await this.order(period, claimed) : claimed;
    failpoint('subscription_order.after_placing');
    if (made.orderId !== null && made.operationId !== null)
      await this.payments.collect(made.orderId, made.operationId);
  }

  private async order(period: PeriodOfGoods, row: PeriodOrder): Promise<PeriodOrder> {
    let email: string | null = null;
    try {
      const wanted = await this.drafts.of(period, row);
      email = 'missed' in wanted ? wanted.email : wanted.draft.email;
      if ('missed' in wanted) return await this.miss(row, wanted.missed, wanted.reasons, email);
      const quote = await this.quotes.quote(wanted.draft);
      const terms = await this.quotes.terms(wanted.draft);
      const total = quote?.totals.total.toJSON();
      return await this.database.transaction(() => this.place(period, row, wanted, terms, total));
    } catch (error) {
      // What is in the way of this order; anything else is tried again.
      if (!(error instanceof Problem) || !LASTING.includes(error.code)) throw error;
      const reasons = (error.details.errors ?? []).map(({ message }) => message);
      return this.miss(row, error.code, reasons.length > 0 ? reasons.join('\n') : error.message, email);
    }
  }

  private async place(
    period: PeriodOfGoods,
    row: PeriodOrder,
    { draft, subscription, groups }: Exclude<PeriodDraft, { missed: string }>,
    { certificates, ...terms }: Awaited<ReturnType<DraftQuotes['terms']>>,
    expectedTotal: { amount: number; currency: string } | undefined,
  ): Promise<PeriodOrder> {
    const present = await this.rows.lockPeriod(row.id);
    if (present.state !== 'due') return present;
    const now = this.clock.now();
    const until = new Date(now.getTime() + HOLD_MS);
    const author = {
      ...{ actor: ACTOR, customerId: draft.customerId, groups, prices: pricesOf(draft), expiresAt: until },
    };
    const order = await this.placing.placeUnpaid(cartOf(draft, certificates), author, expectedTotal, terms);
    const facts = { subscriptionId: period.subscriptionId, periodStart: period.periodStart };
    await this.orders.note(order.id, order, { event: 'subscribed', actor: ACTOR, at: now, facts });
    const operationId = await this.payments.open(order, subscription.method, until);
    await this.rows.ordered(row.id, order.id, operationId);
    return { ...present, state: 'ordered', orderId: order.id, operationId };
  }

  private async miss(
    row: PeriodOrder,
    code: string,
    reasons: string,
    email: string | null,
  ): Promise<PeriodOrder> {
    this.log.warn(`subscription ${row.subscriptionId}: nothing was ordered for ${row.periodStart} (${code})`);
    await this.database.transaction(async () => {
      if (!(await this.rows.missed(row.id, code)) || email === null) return;
      const data = { periodStart: row.periodStart, reasons };
      await this.mail.request({ template: missedMail.name, subjectId: row.id, to: email, data });
    });
    return { ...row, state: 'missed', code };
  }
}

/** What another look a moment later would not change. */
const LASTING = [
  'ordering.cart_not_ready',
  'ordering.out_of_stock',
  'ordering.quantity_limited',
  'ordering.too_many_lines',
  'ordering.variant_unavailable',
];
