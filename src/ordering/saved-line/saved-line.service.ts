import { Injectable } from '@nestjs/common';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { groupsOf } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { CartContents } from '../cart/cart-contents.service.js';
import { cartProblems } from '../cart/cart.errors.js';
import { type Cart, MAX_LINES, quantitiesOf } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { CartService } from '../cart/cart.service.js';
import { type Owner, type SavedLine, SavedLineRepository } from './saved-line.repository.js';

export interface SavedLineNow {
  line: SavedLine;
  /** As it is sold now, in the currency of the cart; null: it is not. */
  variant: SellableVariant | null;
}

/** Lines that a shopper keeps for later, beside a cart and out of its totals. */
@Injectable()
export class SavedLines {
  constructor(
    private readonly carts: CartRepository,
    private readonly service: CartService,
    private readonly contents: CartContents,
    private readonly saved: SavedLineRepository,
    private readonly catalog: CatalogApi,
    private readonly clock: Clock,
  ) {}

  /** A customer's list is the same beside every cart; a guest's ends with the cart. */
  async list(cartId: string, holder: Holder): Promise<SavedLineNow[]> {
    const cart = await this.carts.find(cartId);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    const lines = await this.saved.list(ownerOf(cart));
    if (lines.length === 0) return [];
    const sellable = await this.catalog.sellable(quantitiesOf(lines), cart.currency, groupsOf(holder.actor));
    const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
    return lines.map((line) => ({ line, variant: variants.get(line.variantId) ?? null }));
  }

  /** From the cart to the list. */
  save(cartId: string, lineId: string, holder: Holder, version: number | null): Promise<void> {
    return this.service.change(cartId, holder, version, async (cart) => {
      const line = cart.lines.find(({ id }) => id === lineId);
      if (!line) throw platformProblems.not_found();
      await this.carts.setQuantity(cartId, lineId, 0);
      const isKept = await this.saved.put(ownerOf(cart), line, MAX_LINES, this.clock.now());
      if (!isKept) throw cartProblems.too_many_saved();
    });
  }

  /** From the list to the cart, where it has to fit as whatever is put in; otherwise it stays on the list. */
  takeBack(cartId: string, savedId: string, holder: Holder, version: number | null): Promise<void> {
    return this.service.change(cartId, holder, version, async (cart) => {
      const line = await this.saved.take(ownerOf(cart), savedId);
      if (!line) throw platformProblems.not_found();
      await this.contents.putIn(cart, groupsOf(holder.actor), [line], () => '');
    });
  }

  async remove(cartId: string, savedId: string, holder: Holder): Promise<void> {
    const cart = await this.carts.find(cartId);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    if (!(await this.saved.take(ownerOf(cart), savedId))) throw platformProblems.not_found();
  }
}

const ownerOf = ({ id, customerId }: Pick<Cart, 'id' | 'customerId'>): Owner => ({
  customerId,
  cartId: customerId === null ? id : null,
});
