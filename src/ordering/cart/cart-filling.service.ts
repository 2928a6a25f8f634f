import { Injectable } from '@nestjs/common';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { hashOf } from '../../platform/secret.js';
import { CartContents } from './cart-contents.service.js';
import { CartOpening } from './cart-opening.service.js';
import type { Wish } from './cart.js';
import { CartService } from './cart.service.js';
import type { FilledCart } from './cart.view.js';
import type { LeftOut } from './fitting.js';

/** Carts that are filled by the lot: from an order of before, from a cart that somebody shows. */
@Injectable()
export class CartFilling {
  constructor(
    private readonly database: Database,
    private readonly opening: CartOpening,
    private readonly carts: CartService,
    private readonly contents: CartContents,
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
      const { token, cart } = await this.opening.open(actor, wanted);
      const holder = { actor, tokenHash: token === null ? null : hashOf(token) };
      let leftOut: LeftOut[] = [];
      const filled = await this.carts.change(cart.id, holder, null, async (locked) => {
        leftOut = await this.contents.putInWhatFits(locked, groupsOf(actor), wishes, true);
      });
      return { ...filled, token, leftOut };
    });
  }
}
