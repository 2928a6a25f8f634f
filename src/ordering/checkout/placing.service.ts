import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { actorId, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Problem, platformProblems } from '../../platform/http/problem.js';
import { calculationOf } from '../calculation/calculation.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds } from '../cart/cart.access.js';
import type { Cart } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { type Order, totalOf } from '../order/order.js';
import { OrderHolds } from '../order/order-holds.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import type { Rules } from '../shipping/selling-rules.js';
import type { KnownTax } from './checkout-tax.service.js';
import type { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import { contradicts, draftOrder, guard, refuseUsedUp, usedUp, withCheckout } from './draft.js';

/** How far the checkout has come; `order` is null when a later request takes over. */
export interface Begun {
  orderId: string;
  operationId: string | null;
  order: Order | null;
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
  ) {}

  /** Locks the cart and makes its order, or another attempt to pay the order that it has. */
  async place(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    rules: Rules,
    known: KnownTax,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    // Together, and still one after the other: what stands in the cart is read when its lock is held.
    const [head, { lines, orderId }] = await Promise.all([
      this.carts.lock(cartId),
      this.carts.content(cartId),
    ]);
    if (!head || !holds(holder, head)) throw platformProblems.not_found();
    if (orderId !== null) return this.tryAgain(orderId, input, remember);
    return this.write(
      withCheckout({ ...head, lines }, input, known.vat),
      holder,
      input,
      rules,
      known,
      remember,
    );
  }

  private async write(
    cart: Cart,
    holder: Holder,
    input: CheckoutDto,
    rules: Rules,
    { quote }: KnownTax,
    remember: (begun: Begun) => Promise<void>,
  ): Promise<Begun> {
    // Whoever buys says who it is: what the address has used of promotions counts from here on.
    const { email } = cart;
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions, { email });
    const now = this.clock.now();
    const assessment = assess(cart, sellable, rules, { now, facts, quote });
    guard(assessment, input.expectedTotal);
    refuseUsedUp(cart, assessment, input.expectedTotal);
    const draft = draftOrder(cart, assessment, {
      customerId: cart.customerId ?? personId(holder.actor),
      now,
      expiresAt: this.deadline(now),
    });
    const [number, operationId] = await Promise.all([
      this.orders.insert(
        draft,
        { event: 'created', actor: holder.actor, at: now },
        calculationOf(assessment.inputs, assessment.totals),
      ),
      this.openPayment(draft, input),
    ]);
    const order: Order = {
      ...draft,
      number,
      history: [
        {
          ...statusesOf(draft),
          at: now,
          event: 'created',
          actorKind: holder.actor.kind,
          actorId: actorId(holder.actor),
          note: null,
          facts: null,
        },
      ],
    };
    const begun = { orderId: order.id, operationId, order };
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
    const operationId = await this.openPayment(order, input);
    const until = this.deadline(now);
    const begun = { orderId, operationId, order: { ...order, expiresAt: until } };
    await remember(begun);
    const hold = await this.holds.prolong(orderId, until);
    if (hold === 'closed') throw checkoutProblems.order_closed(undefined, { extra });
    // Nobody is charged for what was freed: it is held again before the gateway is asked, or nothing happens.
    if (hold === 'lost') await this.reserve(begun.order);
    return begun;
  }

  private async openPayment(order: Order, { payment }: CheckoutDto): Promise<string | null> {
    const amount = totalOf(order);
    if (amount.isZero()) return null;
    const address = order.billingAddress ?? order.shippingAddress;
    const { operationId } = await this.billing.openPayment({
      orderId: order.id,
      amount,
      gateway: payment.gateway,
      token: payment.token,
      buyer: {
        email: order.email,
        name: address ? `${address.firstName} ${address.lastName}` : order.email,
        billingAddress: address,
      },
      customerId: order.customerId,
      accessHash: order.tokenHash,
      returnUrl: payment.returnUrl ?? null,
    });
    return operationId;
  }

  /** Counted with the order: of two that come at once the second sees the first. */
  private async refuseBeyondLimit(order: Order, sellable: readonly SellableVariant[]): Promise<void> {
    const limits = new Map(sellable.map(({ variantId, maxPerCustomer }) => [variantId, maxPerCustomer]));
    const limited = order.lines.flatMap(({ variantId, quantity, givenBy }) => {
      // Limits are for what is bought.
      const max = givenBy === null ? (limits.get(variantId) ?? null) : null;
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
