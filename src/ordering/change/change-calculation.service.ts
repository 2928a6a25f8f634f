import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { Clock } from '../../platform/clock.js';
import { MAX_BOOKED, Money } from '../../platform/money/money.js';
import { orderState } from '../invoice/order-state.js';
import { isBought } from '../order/order.guards.js';
import { type Order, owedOf, totalOf } from '../order/order.js';
import { missingOf, paidAgain, returnableOf } from '../order/order-money.js';
import type { Rules } from '../selling/selling-rules.js';
import { changeProblems } from './change.errors.js';
import type { OrderChange } from './change.repository.js';
import {
  type Change,
  type ChangedOrder,
  changed,
  type Settling,
  settling,
  shippingOf,
  type ShippingTerms,
} from './changed-order.js';
import { type ChangePlan, toChange, variantsOf } from './plan.js';

export interface Calculated extends ChangedOrder, Settling {
  change: Change;
  /** What is sold of what the order has and gets, as the shop sells it to its customer today. */
  sellable: readonly SellableVariant[];
  /** How it was sent before. */
  formerShipping: ShippingTerms;
}

/** What a change comes to as things stand now. The preview shows it and the confirmation writes it: the same sum. */
@Injectable()
export class ChangeCalculation {
  constructor(
    private readonly catalog: CatalogApi,
    private readonly identity: IdentityApi,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
  ) {}

  /** 422 with the places of what cannot be, 409 when the order takes no change. */
  async of(
    order: Order,
    { plan }: Pick<OrderChange, 'plan'>,
    payments: readonly PaymentView[],
    rules: Rules,
    answered: readonly { lineId: string; quantity: number }[],
  ): Promise<Calculated> {
    if (!isBought(order)) throw changeProblems.order_not_changeable(`The order is ${order.status}.`);
    const groups = await this.groupsOf(order, plan);
    const sellable = await this.catalog.sellable(variantsOf(order, plan), order.currency, groups);
    const change = toChange(order, plan, { sellable, rules, answered, now: this.clock.now() });
    const result = changed(order, change);
    if (result.isCanceled) requireWhole(plan, result);
    requireBookable(order, result);
    // Only a whole cancellation gives up a hold on a card; what is captured is more or less than before, never another.
    const isHeld = payments.some(({ status }) => status === 'authorized' || status === 'requires_review');
    if (isHeld && !result.isCanceled && !result.difference.isZero())
      throw changeProblems.order_not_changeable('Its payment is not captured yet.');
    const stateOf = (one: Order) => orderState(one, null, 'order_change');
    const credited = await this.billing.creditedByHand(stateOf(order), stateOf(result.order));
    const money = this.settle(order, result.difference, payments, credited);
    return { ...result, change, sellable, formerShipping: shippingOf(order), ...money };
  }

  /** What is added costs what the shop would ask of the customer: by the price lists of their groups. */
  private async groupsOf({ customerId }: Order, { add }: ChangePlan): Promise<string[]> {
    return customerId === null || add.length === 0 ? [] : this.identity.groupsOf(customerId);
  }

  /**
   * What has to move after what was paid and given back already. A bank that has taken money back has given it to the buyer: it does
   * not go back once more, and what was paid in its place has come for the order. What a bank disputes goes back when it has decided.
   */
  settle(
    order: Order,
    difference: Money,
    payments: readonly PaymentView[],
    credited = Money.zero(order.currency),
  ): Settling {
    const { currency } = order;
    const sum = (of: (payment: PaymentView) => Money) => Money.sum(payments.map(of), currency);
    const again = paidAgain(payments, owedOf(order));
    const before = { ...order, givenBack: order.givenBack + again.amount };
    const captured = sum((one) => one.captured);
    const kept = sum((one) => one.kept.plus(one.disputeLost)).minus(again);
    const settled = settling(before, difference, { captured, kept, credited });
    const refund = Money.of(settled.givenBack - before.givenBack, currency)
      .minus(settled.creditedBefore)
      .minus(missingOf(payments, totalOf(order)));
    return { ...settled, refund: least(refund, settled.refund, returnableOf(payments, currency)) };
  }
}

/** An order does not grow beyond what one comes to at most. */
function requireBookable({ currency }: Order, { order, difference }: ChangedOrder): void {
  if (order.total <= BigInt(MAX_BOOKED) || difference.isZero() || difference.isNegative()) return;
  const message = `must be less: the order would come to more than ${Money.of(MAX_BOOKED, currency)}`;
  throw changeProblems.change_not_possible(undefined, {
    errors: [{ pointer: '/add', code: 'total_too_large', message }],
  });
}

/** The least of these, and not less than nothing. */
function least(first: Money, ...others: Money[]): Money {
  const smallest = others.reduce((min, one) => (one.compare(min) < 0 ? one : min), first);
  return smallest.isNegative() ? Money.zero(first.currency) : smallest;
}

/** Nothing is left of the order: then all of its money goes, to where it came from, and it is called what it is. */
function requireWhole(plan: ChangePlan, { order }: ChangedOrder): void {
  const fault =
    plan.kind !== 'cancel'
      ? {
          pointer: '/kind',
          code: 'cancels_order',
          message: 'must be cancel: nothing would be left of the order',
        }
      : order.total !== 0n
        ? { pointer: '/refundShipping', code: 'cancels_order', message: 'must not be false: nothing is sent' }
        : plan.refundTo !== 'original'
          ? { pointer: '/refundTo', code: 'cancels_order', message: 'must be original for a whole order' }
          : null;
  if (fault) throw changeProblems.change_not_possible(undefined, { errors: [fault] });
}
