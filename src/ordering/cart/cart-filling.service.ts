import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { hashOf } from '../../platform/secret.js';
import { type Cart, quantitiesOf, type Wish } from './cart.js';
import { CartService } from './cart.service.js';
import type { FilledCart } from './cart.view.js';
import { fit, type LeftOut } from './fitting.js';

/** Carts that are filled by the lot: from an order of before, from a cart that somebody shows. */
@Injectable()
export class CartFilling {
  constructor(
    private readonly database: Database,
    private readonly carts: CartService,
    private readonly catalog: CatalogApi,
  ) {}

  /**
   * Puts in what is sold and there, at today's prices: into a customer's active cart, or into a new cart, whose token a
   * guest gets. Says what stayed out. All in one transaction; repeated it puts in the same again.
   */
  fill(
    actor: Actor,
    currency: string,
    wishes: readonly Wish[],
    email: string | null,
  ): Promise<FilledCart & { token: string | null }> {
    return this.database.transaction(async () => {
      const wanted = actor.kind === 'person' || email === null ? { currency } : { currency, email };
      const { token, cart } = await this.carts.create(actor, wanted);
      const holder = { actor, tokenHash: token === null ? null : hashOf(token) };
      let leftOut: LeftOut[] = [];
      const filled = await this.carts.change(cart.id, holder, null, async (locked) => {
        leftOut = await this.putIn(locked, wishes, groupsOf(actor));
      });
      return { ...filled, token, leftOut };
    });
  }

  private async putIn(cart: Cart, wishes: readonly Wish[], groups: readonly string[]): Promise<LeftOut[]> {
    if (wishes.length === 0) return [];
    const all = quantitiesOf([...cart.lines, ...wishes]);
    const sellable = await this.catalog.sellable(all, cart.currency, groups);
    const { lines, leftOut } = fit(cart.lines, wishes, sellable, true);
    if (lines.length > 0) await this.carts.add(cart, lines, sellable, groups);
    return leftOut;
  }
}
