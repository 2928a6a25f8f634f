import { Injectable } from '@nestjs/common';
import {
  CatalogApi,
  type ProductPlaces,
  type SellableVariant,
  type VariantQuantity,
} from '../../catalog/catalog.api.js';
import { type Actor, groupsOf, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { type Cart, quantitiesOf } from '../cart/cart.js';
import { FirstOrderRepository } from './first-order.repository.js';
import { needsOf } from './needs.js';
import { DEFAULT_MODES, type StandingPromotions } from './promotion.js';
import { type OfferedPromotions, PromotionReader } from './promotion-reader.service.js';

/** What promotions look at beside the cart itself. */
export interface CartFacts {
  promotions: OfferedPromotions;
  customerGroups: readonly string[];
  places: readonly ProductPlaces[];
  /** Null: no promotion asks, or nobody is signed in. */
  isFirstOrder: boolean | null;
}

export const NO_PROMOTIONS: CartFacts = {
  promotions: { modes: DEFAULT_MODES, candidates: [] },
  customerGroups: [],
  places: [],
  isFirstOrder: null,
};

type Buying = Pick<Cart, 'lines' | 'currency' | 'customerId' | 'promotionCodes'>;

/** Gathers what a cart is judged by: what of it is for sale, and what the promotions that it may have ask about. */
@Injectable()
export class CartFactsReader {
  constructor(
    private readonly catalog: CatalogApi,
    private readonly promotions: PromotionReader,
    private readonly orders: FirstOrderRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * A shop without promotions asks the catalog once and nobody else; nor is anything asked that no promotion looks at.
   * `sellable` holds the gifts too; what is `known` of the lines already is not asked again. Whoever only looks at a cart
   * leaves `email` null: what an address has used is told to nobody who merely names it. `groups`: those of the buyer, when
   * somebody else acts.
   */
  async read(
    cart: Buying,
    actor: Actor,
    standing: StandingPromotions,
    {
      email = null,
      known,
      groups,
    }: { email?: string | null; known?: readonly SellableVariant[]; groups?: readonly string[] } = {},
  ): Promise<{ sellable: SellableVariant[]; facts: CartFacts }> {
    const { lines, currency, promotionCodes } = cart;
    const customerGroups = groups ?? groupsOf(actor);
    if (lines.length === 0) return { sellable: [], facts: { ...NO_PROMOTIONS, customerGroups } };
    const customerId = cart.customerId ?? personId(actor);
    const buyer = { customerId, email };
    const promotions = await this.promotions.forCart(standing, { codes: promotionCodes, buyer });
    const needs = needsOf(promotions.candidates);
    const wanted = new Set(lines.map(({ variantId }) => variantId));
    const gifts = needs.gifts
      .filter((id) => !wanted.has(id))
      .map((variantId) => ({ variantId, quantity: 1 }));
    const products = [...new Set(lines.map(({ productId }) => productId))];
    const asksWho = needs.isFirstOrder && customerId !== null;
    // Inside a transaction they go one after the other over its connection.
    const [sellable, places, isFirstOrder] = await Promise.all([
      this.sellable([...(known ? [] : quantitiesOf(lines)), ...gifts], currency, customerGroups),
      this.catalog.places(products, needs),
      asksWho ? this.orders.isFirst(customerId, this.clock.now()) : null,
    ]);
    return {
      sellable: [...(known ?? []), ...sellable],
      facts: { promotions, customerGroups, places, isFirstOrder },
    };
  }

  private sellable(
    wanted: readonly VariantQuantity[],
    currency: string,
    groups: readonly string[],
  ): Promise<SellableVariant[]> {
    return wanted.length === 0 ? Promise.resolve([]) : this.catalog.sellable(wanted, currency, groups);
  }
}
