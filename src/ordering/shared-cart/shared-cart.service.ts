import { Injectable } from '@nestjs/common';
import { CatalogApi, type SellableVariant } from '../../catalog/catalog.api.js';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { CartFilling } from '../cart/cart-filling.service.js';
import { plain } from '../cart/cart-lines.js';
import { cartProblems } from '../cart/cart.errors.js';
import { type Cart, quantitiesOf, type Wish } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import type { FilledCartDto } from '../cart/cart.dto.js';
import { type CartShare, SharedCartRepository } from './shared-cart.repository.js';

export type { CartShare } from './shared-cart.repository.js';

const DAY_MS = 86_400_000;
const MOST = 20;

/** What a link shows: goods, and nothing of whose cart it is. */
export interface SharedCart {
  currency: string;
  expiresAt: Date;
  lines: { line: Wish; variant: SellableVariant | null }[];
}

/** Carts that somebody shows to others by a link, until it ends or is revoked. */
@Injectable()
export class SharedCarts {
  constructor(
    private readonly database: Database,
    private readonly carts: CartRepository,
    private readonly shares: SharedCartRepository,
    private readonly filling: CartFilling,
    private readonly catalog: CatalogApi,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** A link to the cart that holds for so many days; `token` is told only here. */
  async share(
    cartId: string,
    holder: Holder,
    days: number,
  ): Promise<CartShare & { token: string; url: string }> {
    const token = newSecret();
    const createdAt = this.clock.now();
    const share = { id: newId(), createdAt, expiresAt: new Date(createdAt.getTime() + days * DAY_MS) };
    await this.database.transaction(async () => {
      const cart = await this.carts.lock(cartId);
      if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
      if (cart.state === 'merged') throw cartProblems.cart_closed(undefined, { extra: { orderId: null } });
      const made = await this.shares.insert(share, cartId, hashOf(token), MOST);
      if (!made) throw cartProblems.too_many_shares();
    });
    return { ...share, token, url: `${this.config.publicUrl}/shared-cart?token=${token}` };
  }

  async list(cartId: string, holder: Holder): Promise<CartShare[]> {
    await this.require(cartId, holder);
    return this.shares.list(cartId, this.clock.now());
  }

  /** The link shows nothing any more. */
  async revoke(cartId: string, shareId: string, holder: Holder): Promise<void> {
    await this.require(cartId, holder);
    if (!(await this.shares.remove(cartId, shareId))) throw platformProblems.not_found();
  }

  /** The goods of the cart as it stands now, at the prices of whoever looks. */
  async view(token: string, actor: Actor): Promise<SharedCart> {
    const { cart, expiresAt } = await this.shown(token);
    const wishes = cart.lines.map(plain);
    const all = quantitiesOf(wishes);
    const sellable = all.length === 0 ? [] : await this.catalog.sellable(all, cart.currency, groupsOf(actor));
    const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
    const lines = wishes.map((line) => ({ line, variant: variants.get(line.variantId) ?? null }));
    return { currency: cart.currency, expiresAt, lines };
  }

  /** The same goods in a cart of whoever looks, as far as they can be had. */
  async copy(token: string, actor: Actor): Promise<FilledCartDto> {
    const { cart } = await this.shown(token);
    return this.filling.fill(actor, cart.currency, cart.lines.map(plain), null);
  }

  private async shown(token: string): Promise<{ cart: Cart; expiresAt: Date }> {
    const share = await this.shares.cartOf(hashOf(token), this.clock.now());
    const cart = share && (await this.carts.find(share.cartId));
    if (!cart) throw platformProblems.not_found();
    return { cart, expiresAt: share.expiresAt };
  }

  private async require(cartId: string, holder: Holder): Promise<void> {
    const cart = await this.carts.find(cartId);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
  }
}
