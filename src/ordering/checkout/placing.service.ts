import { Injectable } from '@nestjs/common';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { type Actor, actorId, anonymous, groupsOf, may, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems, type Problem } from '../../platform/http/problem.js';
import { calculationOf } from '../calculation/calculation.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds, keyOf } from '../cart/cart.access.js';
import { type Cart, quantitiesOf } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { NO_PRICES, priced, type SetPrices } from './set-prices.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import type { Order } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import type { Spent } from '../promotion/promotion.js';
import { PickupPointRepository } from '../shipping/pickup-point.repository.js';
import type { Terms } from './checkout-terms.service.js';
import type { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import {
  changedTotal,
  draftOrder,
  guard,
  isUsedByBuyer,
  refuseUnseenRates,
  refuseUnseenTax,
  usedUp,
  usedUpBy,
  withCheckout,
} from './draft.js';
import { type Opened, PaymentAttempts } from './payment-attempts.service.js';
import type { Begun, Fresh, Remember } from './payment-steps.service.js';

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
    private readonly attempts: PaymentAttempts,
    private readonly clock: Clock,
    private readonly points: PickupPointRepository,
    private readonly identity: IdentityApi,
  ) {}

  /** Locks the cart and makes its order, or another attempt to pay the order that it has. */
  async place(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    terms: Terms,
    remember: Remember,
  ): Promise<Fresh<Begun>> {
    // Together, and still one after the other: what stands in the cart is read when its lock is held.
    const [head, { lines, orderId }] = await Promise.all([
      this.carts.lock(cartId),
      this.carts.content(cartId),
    ]);
    if (!head || !holds(holder, head)) throw platformProblems.not_found();
    if (orderId !== null)
      return { begun: await this.attempts.retry(orderId, holder, input, remember), order: null };
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

  private async write(
    cart: Cart,
    holder: Holder,
    input: CheckoutDto,
    terms: Terms,
    remember: Remember,
  ): Promise<Fresh<Begun>> {
    const { actor } = holder;
    const author = {
      actor,
      customerId: cart.customerId ?? personId(actor),
      groups: groupsOf(actor),
      prices: NO_PRICES,
      expiresAt: this.attempts.deadline(),
    };
    const pay = (draft: Order) => this.attempts.open(draft, input, actor);
    const { begun, order, isSplit } = await this.make(cart, author, input, terms, pay, remember);
    return { begun, order: isSplit ? null : order };
  }

  private async make(
    cart: Cart,
    { actor, customerId, groups, prices, expiresAt }: Author,
    input: CheckoutDto,
    { rules, quotes, known }: Terms,
    pay: (draft: Order) => Promise<Opened>,
    remember: Remember,
  ): Promise<{ begun: Begun; order: Order; isSplit: boolean }> {
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
    refuseUnseenTax(assessment, known, input, rules.tax);
    const spent = usedUpBy(assessment, input.expectedTotal);
    if (spent) throw await this.told(spent.reason, { ...buying, actor }, usedUp(cart, spent, spent.reason));
    if (!input.expectedTotal && isUsedByBuyer(assessment)) {
      // Carts do not say what an address has used: nobody pays more than was shown without having agreed to it.
      const unsaid = await this.facts.read(buying, anonymous, rules.promotions, { ...whose, email: null });
      const shownAs = { now, facts: unsaid.facts, quotes, quote: known.quote };
      const shown = assess(cart, priced(unsaid.sellable, prices), rules, shownAs);
      if (assessment.totals.total.compare(shown.totals.total) > 0) throw changedTotal(assessment);
    }
    const draft = draftOrder(cart, assessment, { customerId, now, expiresAt });
    const [number, { operationId, isSplit }] = await Promise.all([
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
    const begun = { orderId: order.id, operationId };
    await this.refuseBeyondLimit(order, sellable, actor);
    const [refused] = await this.holds.claim(order, assessment.used);
    if (refused)
      throw await this.told(refused.spent, { ...buying, actor }, usedUp(cart, refused.used, refused.spent));
    // The stock last, so that the rows which every shopper wants are locked for the shortest time.
    await Promise.all([remember(begun), this.attempts.reserve(order)]);
    return { begun, order, isSplit };
  }

  /** Counted with the order: of two that come at once the second sees the first. */
  private async refuseBeyondLimit(
    order: Order,
    sellable: readonly SellableVariant[],
    actor: Actor,
  ): Promise<void> {
    const limits = new Map(sellable.map(({ variantId, maxPerCustomer }) => [variantId, maxPerCustomer]));
    // Limits are for what is bought.
    const bought = order.lines.filter(({ givenBy }) => givenBy === null);
    const limited = quantitiesOf(bought).flatMap(({ variantId, quantity }) => {
      const max = limits.get(variantId) ?? null;
      return max === null ? [] : [{ variantId, quantity, max }];
    });
    const beyond = await this.limits.claim(order.id, order, limited);
    if (beyond.length === 0) return;
    const problem = checkoutProblems.cart_not_ready('A customer may not buy so many.', {
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
    throw await this.told('limit_per_customer', { ...order, actor }, problem);
  }

  /**
   * What an address has bought is told to whom it belongs, and to staff. Whoever names somebody else's hears the same of
   * whatever it has bought.
   */
  private async told(
    spent: Spent | null,
    { customerId, email, actor }: { customerId: string | null; email: string | null; actor: Actor },
    problem: Problem,
  ): Promise<Problem> {
    if (spent !== 'limit_per_customer' || may(actor, 'ordering:order:write')) return problem;
    const known = customerId === null ? null : await this.identity.customer(customerId);
    const isTheirs = known !== null && known.email.toLowerCase() === email?.toLowerCase();
    return isTheirs ? problem : checkoutProblems.buyer_unknown();
  }
}

const statusesOf = ({ status, paymentStatus, fulfilmentStatus }: Order) => ({
  status,
  paymentStatus,
  fulfilmentStatus,
});
