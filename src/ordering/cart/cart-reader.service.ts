import { Injectable } from '@nestjs/common';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PurchaseLimits } from '../limit/purchase-limits.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { SellingRules } from '../selling/selling-rules.js';
import { type Assessment, assess } from './assessment.js';
import { type Holder, holds } from './cart.access.js';
import type { Cart } from './cart.js';
import { CartRepository } from './cart.repository.js';
import { Outsiders } from './outsiders.service.js';

export interface AssessedCart {
  cart: Cart;
  assessment: Assessment;
}

/** Carts as they stand now: today's prices, promotions, shipping and taxes, and what stands between them and an order. */
@Injectable()
export class CartReader {
  constructor(
    private readonly carts: CartRepository,
    private readonly rules: SellingRules,
    private readonly facts: CartFactsReader,
    private readonly limits: PurchaseLimits,
    private readonly outsiders: Outsiders,
    private readonly clock: Clock,
  ) {}

  /** Never in a transaction, as carriers may be asked. Somebody else's cart is as unknown as none. */
  async get(id: string, holder: Holder): Promise<AssessedCart> {
    const rules = await this.rules.current();
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions);
    const bought = await this.boughtBy(cart.customerId, sellable);
    const at = { now: this.clock.now(), bought, facts };
    const { assessment } = await this.outsiders.heard((said) =>
      assess(cart, sellable, rules, { ...at, ...said }),
    );
    return { cart, assessment };
  }

  /** The same as an answer to a change: what has changed its price is told for the last time, and counts as seen. */
  async seen(id: string, holder: Holder): Promise<AssessedCart> {
    const cart = await this.get(id, holder);
    await this.carts.seePrices(id, changedPrices(cart));
    return cart;
  }

  /** The active cart of a customer in a currency; 404 when there is none. */
  async active(actor: Actor, currency: string): Promise<AssessedCart> {
    const customerId = personId(actor);
    const id = customerId && (await this.carts.activeOf(customerId, currency));
    if (id === null) throw platformProblems.not_found();
    return this.get(id, { actor, tokenHash: null });
  }

  /** A cart that was made just now, which says too little to ask anybody outside; `known` is what its lines cost. */
  async fresh(cart: Cart, actor: Actor, known: SellableVariant[], now: Date): Promise<AssessedCart> {
    const rules = await this.rules.current();
    const { sellable, facts } = await this.facts.read(cart, actor, rules.promotions, { known });
    return { cart, assessment: assess(cart, sellable, rules, { now, facts }) };
  }

  private boughtBy(
    customerId: string | null,
    sellable: readonly SellableVariant[],
  ): Promise<Map<string, number>> {
    const limited = sellable.filter(({ maxPerCustomer }) => maxPerCustomer !== null);
    if (customerId === null || limited.length === 0) return Promise.resolve(new Map<string, number>());
    return this.limits.bought(
      customerId,
      limited.map(({ variantId }) => variantId),
    );
  }
}

/** Prices that have changed since they were last taken note of. */
const changedPrices = ({ assessment }: AssessedCart): { variantId: string; amount: bigint }[] =>
  assessment.lines.flatMap(({ line, variant, givenBy }) =>
    variant && !givenBy && variant.unitPrice.amount !== line.unitAmount
      ? [{ variantId: variant.variantId, amount: variant.unitPrice.amount }]
      : [],
  );
