import { Injectable } from '@nestjs/common';
import { CatalogApi, type ProductPlaces } from '../../catalog/catalog.api.js';
import { Clock } from '../../platform/clock.js';
import { Cursors } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { onlyOneOf } from '../../platform/http/validation.js';
import { Money } from '../../platform/money/money.js';
import { ENGINE, inputsOf } from '../calculation/calculation.js';
import { triedView } from '../cart/cart.view.js';
import { Shelf } from '../cart/shelf.js';
import { SellingRules } from '../selling/selling-rules.js';
import { needsOf } from './needs.js';
import type { Candidate, Promotion } from './promotion.js';
import { PromotionRepository } from './promotion.repository.js';
import { drafted } from './promotion.service.js';
import { outcomeOf, type Situation, withPromotion } from './simulate.js';
import type {
  SimulatedCartDto,
  SimulatedCartInput,
  SimulatedOrdersDto,
  SimulatedOrdersInput,
  SimulatePromotionDto,
} from './simulation.dto.js';
import { type PlacedOrder, SimulationRepository } from './simulation.repository.js';
import type { GiftOffer, Snapshot } from './snapshot.js';

const DAY_MS = 24 * 60 * 60_000;
const USUAL = 500;
/** Orders in memory at once. */
const AT_ONCE = 100;

/** What a promotion would do, and would have done: nothing of it is kept, and nothing is held. */
@Injectable()
export class SimulationService {
  constructor(
    private readonly promotions: PromotionRepository,
    private readonly orders: SimulationRepository,
    private readonly rules: SellingRules,
    private readonly catalog: CatalogApi,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** The one that is kept, or the one that was sent; 400 when it is neither or both. */
  async promotionOf(input: SimulatePromotionDto): Promise<Promotion> {
    if (onlyOneOf(input, ['promotionId', 'promotion']) === 'promotion' && input.promotion)
      return drafted(input.promotion);
    const promotion = await this.promotions.find(input.promotionId ?? '', this.clock.now());
    if (!promotion) throw platformProblems.not_found();
    return promotion;
  }

  /** A cart as it would be priced at a moment, with today's prices. */
  async onCart(
    promotion: Promotion,
    cart: SimulatedCartInput,
    at: Date,
    withOthers: boolean,
  ): Promise<SimulatedCartDto> {
    const { promotions } = await this.rules.current();
    const others = withOthers
      ? promotions.automatic.filter(({ id }) => id !== promotion.id).map(toCandidate)
      : [];
    const needs = needsOf([...others, toCandidate(promotion)]);
    const snapshot = await this.snapshotOf(cart, needs);
    const without: Situation = {
      snapshot,
      shippingPrice: cart.shippingPrice === undefined ? null : BigInt(cart.shippingPrice),
      promotions: { modes: promotions.modes, candidates: others },
      at,
    };
    const [before, after] = [outcomeOf(without), outcomeOf(withPromotion(without, promotion))];
    const money = (amount: bigint) => Money.of(amount, cart.currency).toJSON();
    return {
      subtotal: money(snapshot.lines.reduce((sum, line) => sum + line.unitPrice * BigInt(line.quantity), 0n)),
      discount: money(after.discount),
      discountWithout: money(before.discount),
      promotions: after.tried.map((tried) => triedView(tried, cart.currency)),
    };
  }

  /**
   * Placed orders as they were calculated, with the promotion beside those that they had. Its window, limits and budget are
   * left out: the question is what it does, and not when. What products stand in is asked of today's catalog.
   */
  async onOrders(promotion: Promotion, input: SimulatedOrdersInput): Promise<SimulatedOrdersDto> {
    const until = input.until ? new Date(input.until) : this.clock.now();
    const from = input.from ? new Date(input.from) : new Date(until.getTime() - 30 * DAY_MS);
    const always = { ...promotion, startsAt: null, endsAt: null };
    const name = `simulated-orders:${from.toISOString()}`;
    const key = this.cursors.decode(name, input.cursor);
    let after = key && { createdAt: String(key[0]), id: String(key[1]) };
    const found: SimulatedOrdersDto = {
      from: from.toISOString(),
      until: until.toISOString(),
      lookedAt: 0,
      skipped: 0,
      matched: 0,
      cost: [],
      nextCursor: null,
    };
    for (let left = input.limit ?? USUAL; left > 0;) {
      const wanted = Math.min(left, AT_ONCE);
      const orders = await this.orders.placed(from, until, after, wanted);
      await this.add(found, always, orders);
      const last = orders.at(-1);
      left -= orders.length;
      if (orders.length < wanted || !last) return found;
      after = { createdAt: last.createdAt, id: last.id };
    }
    return { ...found, nextCursor: after && this.cursors.encode(name, [after.createdAt, after.id]) };
  }

  private async add(
    found: SimulatedOrdersDto,
    promotion: Promotion,
    orders: readonly PlacedOrder[],
  ): Promise<void> {
    const known = orders.flatMap(({ calculation }) =>
      calculation?.engine === ENGINE ? [inputsOf(calculation)] : [],
    );
    const needs = needsOf([toCandidate(promotion)]);
    const products = new Set(
      known.flatMap(({ snapshot }) => snapshot.lines.map(({ productId }) => productId)),
    );
    const places = await this.placesOf([...products], needs);
    const gifts = new Map<string, GiftOffer[]>();
    for (const { snapshot } of known)
      if (!gifts.has(snapshot.currency))
        gifts.set(snapshot.currency, await this.giftsOf(needs.gifts, snapshot.currency));
    found.lookedAt += known.length;
    found.skipped += orders.length - known.length;
    for (const inputs of known) {
      const snapshot = seenBy(inputs.snapshot, places, gifts.get(inputs.snapshot.currency) ?? []);
      const without: Situation = { ...inputs, snapshot };
      const after = outcomeOf(withPromotion(without, promotion));
      if (!after.applied.some(({ promotionId }) => promotionId === promotion.id)) continue;
      found.matched += 1;
      addCost(found.cost, snapshot.currency, Number(after.discount - outcomeOf(without).discount));
    }
  }

  private async snapshotOf(
    { currency, lines, customerGroups = [], country = null, isFirstOrder = null }: SimulatedCartInput,
    needs: ReturnType<typeof needsOf>,
  ): Promise<Snapshot> {
    const sellable = await this.catalog.sellable(lines, currency, customerGroups);
    const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
    const errors = lines.flatMap(({ variantId }, index) =>
      variants.has(variantId)
        ? []
        : [
            {
              pointer: `/cart/lines/${index}/variantId`,
              code: 'variant_unavailable',
              message: `is not for sale in ${currency}`,
            },
          ],
    );
    if (errors.length > 0)
      throw platformProblems.invalid_input('Something of the cart is not for sale.', { errors });
    const places = await this.placesOf(
      sellable.map(({ productId }) => productId),
      needs,
    );
    const snapshot: Snapshot = {
      currency,
      customerGroups,
      country,
      isFirstOrder,
      gifts: await this.giftsOf(needs.gifts, currency),
      lines: lines.flatMap(({ variantId, quantity }) => {
        const variant = variants.get(variantId);
        if (!variant) return [];
        const { productId, unitPrice, taxClass, kind } = variant;
        const line = { id: variantId, variantId, productId, quantity, unitPrice: unitPrice.amount, taxClass };
        return [{ ...line, isVoucher: kind === 'gift_card', categories: [], collections: [] }];
      }),
    };
    return seenBy(snapshot, places, []);
  }

  private async placesOf(
    products: readonly string[],
    needs: ReturnType<typeof needsOf>,
  ): Promise<Map<string, ProductPlaces>> {
    const places = await this.catalog.places(products, needs);
    return new Map(places.map((place) => [place.productId, place]));
  }

  private async giftsOf(ids: readonly string[], currency: string): Promise<GiftOffer[]> {
    if (ids.length === 0) return [];
    const wanted = ids.map((variantId) => ({ variantId, quantity: 1 }));
    const sellable = await this.catalog.sellable(wanted, currency, []);
    return sellable.map((variant) => ({
      variantId: variant.variantId,
      unitPrice: variant.unitPrice.amount,
      taxClass: variant.taxClass,
      most: new Shelf().most(variant, 999),
    }));
  }
}

const toCandidate = (promotion: Promotion): Candidate => ({
  promotion,
  codeId: null,
  code: null,
  spent: null,
});

/** The snapshot with what a new promotion looks at, beside what the old ones looked at. */
function seenBy(
  snapshot: Snapshot,
  places: ReadonlyMap<string, ProductPlaces>,
  gifts: readonly GiftOffer[],
): Snapshot {
  return {
    ...snapshot,
    gifts: [
      ...snapshot.gifts,
      ...gifts.filter((gift) => !snapshot.gifts.some((one) => one.variantId === gift.variantId)),
    ],
    lines: snapshot.lines.map((line) => ({
      ...line,
      categories: [...line.categories, ...(places.get(line.productId)?.categories ?? [])],
      collections: [...line.collections, ...(places.get(line.productId)?.collections ?? [])],
    })),
  };
}

function addCost(cost: SimulatedOrdersDto['cost'], currency: string, amount: number): void {
  const present = cost.find((one) => one.currency === currency);
  if (!present) cost.push({ amount, currency, orders: 1 });
  else {
    present.amount += amount;
    present.orders += 1;
  }
}
