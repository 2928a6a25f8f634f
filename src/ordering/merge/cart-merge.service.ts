import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { anonymous, groupsOf, type PersonActor } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { hashOf } from '../../platform/secret.js';
import { holds } from '../cart/cart.access.js';
import { CartContents } from '../cart/cart-contents.service.js';
import { CartReader } from '../cart/cart-reader.service.js';
import { cartProblems } from '../cart/cart.errors.js';
import type { Cart } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import type { FilledCart } from '../cart/cart.view.js';
import type { LeftOut } from '../cart/fitting.js';
import { CartMergeRepository } from './cart-merge.repository.js';

/** As many as a cart names. */
const MAX_CODES = 10;

interface Merged {
  into: string;
  leftOut: LeftOut[];
}

/** What somebody put into a cart before signing in goes into the cart of the account. */
@Injectable()
export class CartMergeService {
  constructor(
    private readonly database: Database,
    private readonly carts: CartRepository,
    private readonly merges: CartMergeRepository,
    private readonly reader: CartReader,
    private readonly contents: CartContents,
    private readonly identity: IdentityApi,
    private readonly clock: Clock,
  ) {}

  /**
   * Puts the lines of a guest's cart beside those of the customer's active cart in its currency; without one the guest's cart
   * becomes it. Afterwards the token opens nothing. Asked again, or many times at once, it answers the same cart and changes
   * nothing. 404 unless the token is that of the cart, 409 when the cart was ordered.
   */
  async merge(actor: PersonActor, cartId: string, token: string): Promise<FilledCart> {
    const attempt = () => this.database.transaction(() => this.mergeOnce(actor, cartId, hashOf(token)));
    // A new active cart was made in this very moment: now there is one to merge into.
    const { into, leftOut } = await attempt().catch((error: unknown) => {
      if (isUniqueViolation(error, 'carts_one_active')) return attempt();
      throw error;
    });
    return { ...(await this.reader.get(into, { actor, tokenHash: null })), leftOut };
  }

  private async mergeOnce(actor: PersonActor, cartId: string, tokenHash: Buffer): Promise<Merged> {
    const seen = await this.carts.find(cartId);
    if (!seen) throw platformProblems.not_found();
    const activeId = await this.carts.activeOf(actor.id, seen.currency);
    const locked = await this.lock(activeId === null || activeId === cartId ? [cartId] : [cartId, activeId]);
    const guest = locked.get(cartId);
    if (!guest) throw platformProblems.not_found();
    if (guest.customerId === actor.id)
      return (await this.merges.outcomeOf(cartId)) ?? { into: cartId, leftOut: [] };
    if (!holds({ actor: anonymous, tokenHash }, guest)) throw platformProblems.not_found();
    const { lines, orderId } = await this.carts.content(cartId);
    if (guest.state !== 'active') throw cartProblems.cart_closed(undefined, { extra: { orderId } });
    const own = activeId === null ? undefined : locked.get(activeId);
    if (own?.state !== 'active') {
      const known = guest.email === null ? await this.identity.customer(actor.id) : null;
      await this.merges.adopt(cartId, actor.id, known?.email ?? null, this.clock.now());
      return { into: cartId, leftOut: [] };
    }
    const present = (await this.carts.content(own.id)).lines;
    return this.putTogether(actor, { ...guest, lines }, { ...own, lines: present });
  }

  private async putTogether(actor: PersonActor, guest: Cart, own: Cart): Promise<Merged> {
    const now = this.clock.now();
    const leftOut = await this.contents.putInWhatFits(own, groupsOf(actor), guest.lines, false);
    await this.carts.save(own.id, together(own, guest));
    await this.carts.touch(own.id, now);
    await this.merges.end(guest.id, actor.id, own.id, leftOut, now);
    return { into: own.id, leftOut };
  }

  /** In the order of their ids, so that two merges never wait for each other in a circle. */
  private async lock(ids: readonly string[]): Promise<Map<string, Omit<Cart, 'lines'>>> {
    const locked = new Map<string, Omit<Cart, 'lines'>>();
    for (const id of [...ids].sort()) {
      const head = await this.carts.lock(id);
      if (head) locked.set(id, head);
    }
    return locked;
  }
}

/** What the customer's cart says goes before what the guest's says; what it does not say is taken over. */
const together = (own: Cart, guest: Cart) => ({
  email: own.email ?? guest.email,
  shippingAddress: own.shippingAddress ?? guest.shippingAddress,
  billingAddress: own.shippingAddress ? own.billingAddress : (own.billingAddress ?? guest.billingAddress),
  shippingOptionId: own.shippingOptionId ?? guest.shippingOptionId,
  pickupPointId: own.pickupPointId ?? guest.pickupPointId,
  giftMessage: own.giftMessage ?? guest.giftMessage,
  ...(own.vatId === null
    ? { vatId: guest.vatId, vatCheck: guest.vatCheck }
    : { vatId: own.vatId, vatCheck: own.vatCheck }),
  promotionCodes: [...new Set([...own.promotionCodes, ...guest.promotionCodes])].slice(0, MAX_CODES),
  // Agreed to for an address: it holds for no other.
  remindSince:
    own.remindSince ?? (own.email === null || own.email === guest.email ? guest.remindSince : null),
});
