import { Injectable } from '@nestjs/common';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { platformProblems } from '../../platform/http/problem.js';
import { refuseBeyondLimits, refuseOddGifts, refuseUnsold, toLines, type WantedLine } from './cart-lines.js';
import { cartProblems } from './cart.errors.js';
import { type Cart, type CartLine, isSameLine, MAX_LINES, quantitiesOf, type Wish } from './cart.js';
import { CartRepository } from './cart.repository.js';
import { fit, type LeftOut } from './fitting.js';

/**
 * What lies in a locked cart, in the caller's transaction. `groups` are those of the buyer, by which prices go; `place` says where
 * in the request a line stands, for whoever is told that it cannot be put in.
 */
@Injectable()
export class CartContents {
  constructor(
    private readonly carts: CartRepository,
    private readonly catalog: CatalogApi,
  ) {}

  /** Puts lines beside those of the cart; all of them or, with a problem, none. */
  async putIn(
    cart: Cart,
    groups: readonly string[],
    wanted: readonly WantedLine[],
    place: (index: number) => string,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const sellable = await this.sellable(cart.currency, groups, wanted, place, cart.lines);
    const news = wanted.filter((line) => !cart.lines.some((present) => isSameLine(present, line)));
    if (cart.lines.length + news.length > MAX_LINES) throw cartProblems.too_many_lines();
    await this.add(cart, toLines(wanted, sellable), sellable, groups);
  }

  /** Puts in as much of the wishes as is sold and fits, and says what does not. `inStock`: no more than is there. */
  async putInWhatFits(
    cart: Cart,
    groups: readonly string[],
    wishes: readonly Wish[],
    inStock: boolean,
  ): Promise<LeftOut[]> {
    if (wishes.length === 0) return [];
    const all = quantitiesOf([...cart.lines, ...wishes]);
    const sellable = await this.catalog.sellable(all, cart.currency, groups);
    const { lines, leftOut } = fit(cart.lines, wishes, sellable, inStock);
    if (lines.length > 0) await this.add(cart, lines, sellable, groups);
    return leftOut;
  }

  /** So many pieces of a line; 0 takes it out. */
  async setQuantity(cart: Cart, groups: readonly string[], lineId: string, quantity: number): Promise<void> {
    const line = cart.lines.find((one) => one.id === lineId);
    if (!line) throw platformProblems.not_found();
    await this.carts.setQuantity(cart.id, lineId, quantity);
    const beside = cart.lines.filter((one) => one !== line && one.variantId === line.variantId);
    const wanted = { variantId: line.variantId, quantity };
    const [whole] = quantitiesOf([...beside, wanted].filter((one) => one.quantity > 0));
    if (!whole) return;
    const sellable = await this.catalog.sellable([whole], cart.currency, groups);
    // Fewer is a way out of what is too many, though it be too many still.
    if (quantity > line.quantity) refuseBeyondLimits([wanted], sellable, () => '', beside);
    await this.followQuantities(cart, sellable, groups);
  }

  /** What the wanted lines cost, together with those `beside` them; a problem when one of them cannot be put in. */
  async sellable(
    currency: string,
    groups: readonly string[],
    wanted: readonly WantedLine[],
    place: (index: number) => string,
    beside: readonly CartLine[] = [],
  ): Promise<SellableVariant[]> {
    if (wanted.length === 0) return [];
    const variants = new Set(wanted.map(({ variantId }) => variantId));
    const same = beside.filter(({ variantId }) => variants.has(variantId));
    const sellable = await this.catalog.sellable(quantitiesOf([...same, ...wanted]), currency, groups);
    refuseUnsold(wanted, sellable, currency, place);
    refuseOddGifts(wanted, sellable, place);
    refuseBeyondLimits(wanted, sellable, place, same);
    return sellable;
  }

  private async add(
    cart: Cart,
    lines: readonly CartLine[],
    sellable: readonly SellableVariant[],
    groups: readonly string[],
  ): Promise<void> {
    await this.carts.addLines(cart.id, lines);
    const touched = new Set(lines.map(({ variantId }) => variantId));
    const grown = sellable.filter(({ variantId }) => touched.has(variantId));
    await this.followQuantities(cart, grown, groups);
  }

  /**
   * With more or fewer pieces each may cost something else, and nobody's price has changed: taken note of without a word. Where
   * it has changed as well, it is left to be told. `cart` is as it was before, `now` as its lines cost afterwards.
   */
  private async followQuantities(
    cart: Cart,
    now: readonly SellableVariant[],
    groups: readonly string[],
  ): Promise<void> {
    const linesOf = (variantId: string) => cart.lines.filter((line) => line.variantId === variantId);
    const others = now.filter(({ variantId, unitPrice }) =>
      linesOf(variantId).some(({ unitAmount }) => unitAmount !== unitPrice.amount),
    );
    if (others.length === 0) return;
    const quantities = quantitiesOf(others.flatMap(({ variantId }) => linesOf(variantId)));
    const before = await this.catalog.sellable(quantities, cart.currency, groups);
    const amounts = new Map(before.map(({ variantId, unitPrice }) => [variantId, unitPrice.amount]));
    const same = others.filter(({ variantId }) =>
      linesOf(variantId).every(({ unitAmount }) => unitAmount === amounts.get(variantId)),
    );
    const prices = same.map(({ variantId, unitPrice }) => ({ variantId, amount: unitPrice.amount }));
    await this.carts.seePrices(cart.id, prices);
  }
}
