import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { type Actor, actorId, anonymous, groupsOf, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Problem, platformProblems } from '../../platform/http/problem.js';
import { calculationOf } from '../calculation/calculation.js';
import { Money } from '../../platform/money/money.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds, keyOf } from '../cart/cart.access.js';
import { type Cart, quantitiesOf } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { NO_PRICES, priced, type SetPrices } from '../draft-order/set-prices.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { type Order, totalOf } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import type { Quotes } from '../shipping/carrier-quotes.service.js';
import { PickupPointRepository } from '../shipping/pickup-point.repository.js';
import type { Rules } from '../shipping/selling-rules.js';
import type { KnownTax } from './checkout-tax.service.js';
import type { CheckoutDto, Tender } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import {
  contradicts,
  draftOrder,
  giftCardsOf,
  guard,
  refuseUnseenRates,
  refuseUsedUp,
  usedUp,
  withCheckout,
} from './draft.js';

/** How far the checkout has come; `order` is null when a later request takes over. */
export interface Begun {
  orderId: string;
  operationId: string | null;
  /** Whether anything but a card pays for the order. */
  isSplit: boolean;
  order: Order | null;
}

/** What the order is made by: read, and asked for, before the transaction. */
export interface Terms {
  rules: Rules;
  quotes: Quotes;
  known: KnownTax;
}

/** Who writes an order, and for whom. */
export interface Author {
  /** Who does it. */
  actor: Actor;
  customerId: string | null;
  /** Of the buyer: prices and promotions go by them. */
  groups: readonly string[];
  /** Prices of one piece that somebody has set, by variant: in place of today's. */
  prices: SetPrices;
  expiresAt: Date;
}

/** Step 2 of the checkout, in the transaction of its caller. */
@Injectable()
export class PlacingService {
  constructor(
    private readonly carts: CartRepository,
    private readonly orders: OrderRepository,
    private readonly holds: OrderHolds,
    private readonly limits: PurchaseLimits,
    private readonly facts: CartFactsReader,
    private readonly billing: BillingApi,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly points: PickupPointRepository,
  ) {}

  /** Locks the cart and makes its order, or another attempt to pay the order that it has. */
  async place(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    terms: Terms,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    // Together, and still one after the other: what stands in the cart is read when its lock is held.
    const [head, { lines, orderId }] = await Promise.all([
      this.carts.lock(cartId),
      this.carts.content(cartId),
    ]);
    if (!head || !holds(holder, head)) throw platformProblems.not_found();
    if (orderId !== null) return this.tryAgain(orderId, holder, input, remember);
    const point = input.pickupPointId ? ((await this.points.find(input.pickupPointId)) ?? null) : null;
    // The order opens by what opened the cart: its token, or the link of a reminder.
    const tokenHash = keyOf(holder, head) ?? head.tokenHash;
    const cart = withCheckout({ ...head, tokenHash, lines }, input, point, terms.known.vat);
    return this.write(cart, holder, input, terms, remember);
  }

  /**
   * In the caller's transaction, which has locked the draft that stands for the cart: its order, of which nothing is paid yet,
   * with all that it holds. Refuses what the checkout refuses.
   */
  async placeUnpaid(
    cart: Cart,
    author: Author,
    expectedTotal: CheckoutDto['expectedTotal'],
    terms: Terms,
  ): Promise<Order> {
    const unpaid = () => Promise.resolve({ operationId: null, isSplit: false });
    const { order } = await this.make(cart, author, { expectedTotal }, terms, unpaid, async () => {});
    return order;
  }

  private write(
    cart: Cart,
    holder: Holder,
    input: CheckoutDto,
    terms: Terms,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    const { actor } = holder;
    const author = {
      actor,
      customerId: cart.customerId ?? personId(actor),
      groups: groupsOf(actor),
      prices: NO_PRICES,
      expiresAt: this.deadline(this.clock.now()),
    };
    return this.make(cart, author, input, terms, (draft) => this.pay(draft, input, actor, true), remember);
  }

  private async make(
    cart: Cart,
    { actor, customerId, groups, prices, expiresAt }: Author,
    input: CheckoutDto,
    { rules, quotes, known }: Terms,
    pay: (draft: Order) => Promise<Pick<Begun, 'operationId' | 'isSplit'>>,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun & { order: Order }> {
    // Whoever buys says who it is: what the address has used of promotions counts from here on.
    const whose = { email: cart.email, groups };
    const buying = { ...cart, customerId };
    const read = await this.facts.read(buying, anonymous, rules.promotions, whose);
    const { facts } = read;
    const sellable = priced(read.sellable, prices);
    const now = this.clock.now();
    const assessment = assess(cart, sellable, rules, { now, facts, quotes, quote: known.quote });
    guard(assessment, input.expectedTotal);
    refuseUnseenRates(assessment, quotes, input);
    refuseUsedUp(cart, assessment, input.expectedTotal);
    const draft = draftOrder(cart, assessment, { customerId, now, expiresAt });
    const [number, opened] = await Promise.all([
      this.orders.insert(
        draft,
        { event: 'created', actor, at: now },
        calculationOf(assessment.inputs, assessment.totals),
      ),
      pay(draft),
    ]);
    const order: Order = {
      ...draft,
      number,
      history: [
        {
          ...statusesOf(draft),
          at: now,
          event: 'created',
          actorKind: actor.kind,
          actorId: actorId(actor),
          note: null,
          facts: null,
        },
      ],
    };
    const begun = { orderId: order.id, ...opened, order };
    await this.refuseBeyondLimit(order, sellable);
    const [refused] = await this.holds.claim(order, assessment.used);
    if (refused) throw usedUp(cart, refused.used);
    // The stock last, so that the rows which every shopper wants are locked for the shortest time.
    await Promise.all([remember(begun), this.reserve(order)]);
    return begun;
  }

  /** The order waits for money: a new key is a new attempt, at the same price. */
  private async tryAgain(
    orderId: string,
    holder: Holder,
    input: CheckoutDto,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    const order = await this.orders.find(orderId);
    if (!order) throw new Error(`the order ${orderId} is gone`);
    const extra = { orderId, number: order.number, orderStatus: order.status };
    const now = this.clock.now();
    if (order.status !== 'pending_payment' || order.expiresAt <= now) {
      throw checkoutProblems.order_closed(`The order ${order.number} is ${order.status}.`, { extra });
    }
    const expected = input.expectedTotal;
    if (expected && !(BigInt(expected.amount) === order.total && expected.currency === order.currency)) {
      throw checkoutProblems.cart_changed(`It comes to ${totalOf(order)}.`, { extra });
    }
    if (contradicts(order, input)) throw checkoutProblems.order_fixed(undefined, { extra });
    return this.payAgain(order, input, holder.actor, remember);
  }

  /**
   * In the caller's transaction: another attempt to pay an order that waits, at its price and by whoever was let to it, with
   * the usual time for it. 409 `ordering.order_closed` when it waits no longer.
   */
  async payAgain(
    order: Order,
    input: Tender,
    payer: Actor,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    const { id: orderId } = order;
    const extra = { orderId, number: order.number, orderStatus: order.status };
    const opened = await this.pay(order, input, payer, false);
    const soon = this.deadline(this.clock.now());
    const until = soon > order.expiresAt ? soon : order.expiresAt;
    const begun = { orderId, ...opened, order: { ...order, expiresAt: until } };
    await remember(begun);
    const hold = await this.holds.prolong(orderId, until);
    if (hold === 'closed') throw checkoutProblems.order_closed(undefined, { extra });
    // Nobody is charged for what was freed: it is held again before the gateway is asked, or nothing happens.
    if (hold === 'lost') await this.reserve(begun.order);
    return begun;
  }

  private async pay(
    order: Order,
    { payment, giftCards, storeCredit }: Tender,
    actor: Actor,
    isNew: boolean,
  ): Promise<Pick<Begun, 'operationId' | 'isSplit'>> {
    const total = totalOf(order);
    if (total.isZero()) return { operationId: null, isSplit: false };
    const address = order.billingAddress ?? order.shippingAddress;
    const me = personId(actor);
    return this.billing.payOrder({
      orderId: order.id,
      total,
      isNew,
      card: payment
        ? { gateway: payment.gateway, token: payment.token, returnUrl: payment.returnUrl ?? null }
        : null,
      giftCards: giftCardsOf(giftCards),
      storeCredit: storeCredit
        ? {
            customerId: me === order.customerId ? me : null,
            amount: storeCredit !== true && storeCredit.amount ? Money.fromJSON(storeCredit.amount) : null,
            pointer: '/storeCredit',
          }
        : null,
      buyer: {
        email: order.email,
        name: address ? `${address.firstName} ${address.lastName}` : order.email,
        billingAddress: address,
      },
      customerId: order.customerId,
      accessHash: order.tokenHash,
    });
  }

  /** Counted with the order: of two that come at once the second sees the first. */
  private async refuseBeyondLimit(order: Order, sellable: readonly SellableVariant[]): Promise<void> {
    const limits = new Map(sellable.map(({ variantId, maxPerCustomer }) => [variantId, maxPerCustomer]));
    // Limits are for what is bought.
    const bought = order.lines.filter(({ givenBy }) => givenBy === null);
    const limited = quantitiesOf(bought).flatMap(({ variantId, quantity }) => {
      const max = limits.get(variantId) ?? null;
      return max === null ? [] : [{ variantId, quantity, max }];
    });
    const beyond = await this.limits.claim(order.id, order, limited);
    if (beyond.length === 0) return;
    throw checkoutProblems.cart_not_ready('A customer may not buy so many.', {
      errors: order.lines.flatMap(({ variantId, sku }, index) =>
        beyond.includes(variantId)
          ? [
              {
                pointer: `/lines/${index}/quantity`,
                code: 'max_per_customer',
                message: `of ${sku} each customer may buy ${limits.get(variantId)}, earlier orders counted`,
              },
            ]
          : [],
      ),
    });
  }

  private async reserve(order: Order): Promise<void> {
    try {
      await this.holds.reserve(order);
    } catch (error) {
      if (error instanceof Problem && error.code === 'catalog.out_of_stock') {
        throw checkoutProblems.out_of_stock(error.message, {
          ...(error.details.errors && { errors: error.details.errors }),
        });
      }
      throw error;
    }
  }

  private deadline(now: Date): Date {
    return new Date(now.getTime() + this.config.unpaidOrderMinutes * 60_000);
  }
}

const statusesOf = ({ status, paymentStatus, fulfilmentStatus }: Order) => ({
  status,
  paymentStatus,
  fulfilmentStatus,
});
