import { Injectable } from '@nestjs/common';
import { type Actor, groupsOf } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { AnswersAfter } from '../../platform/http/answers-after.js';
import { hashOf } from '../../platform/secret.js';
import { CartContents } from './cart-contents.service.js';
import { CartOpening } from './cart-opening.service.js';
import { CartReader } from './cart-reader.service.js';
import type { FilledCartDto } from './cart.dto.js';
import type { Wish } from './cart.js';
import { CartService } from './cart.service.js';
import { filledCartView } from './cart.view.js';
import type { LeftOut } from './fitting.js';

interface Filled {
  id: string;
  /** Told once, to the guest who holds it. */
  token: string | null;
  leftOut: LeftOut[];
}

/** Carts that are filled by the lot: from an order of before, from a cart that somebody shows. */
@Injectable()
export class CartFilling {
  constructor(
    private readonly database: Database,
    private readonly opening: CartOpening,
    private readonly carts: CartService,
    private readonly contents: CartContents,
    private readonly reader: CartReader,
    private readonly answers: AnswersAfter,
  ) {}

  /**
   * Puts in what is sold and there, at today's prices: into a customer's active cart, or into a new cart, whose token a
   * guest gets. Says what stayed out. All in one transaction, and read after it; repeated without a key it puts in the same again.
   */
  fill(
    actor: Actor,
    currency: string,
    wishes: readonly Wish[],
    email: string | null,
  ): Promise<FilledCartDto> {
    const fill = () => this.fillOnce(actor, currency, wishes, email);
    return this.answers.give<Filled, FilledCartDto>({
      status: 201,
      write: async () => ({ state: await this.database.transaction(fill) }),
      read: async ({ id, token, leftOut }) => {
        const cart = await this.reader.seen(id, { actor, tokenHash: token === null ? null : hashOf(token) });
        return filledCartView({ ...cart, leftOut }, token);
      },
    });
  }

  private async fillOnce(
    actor: Actor,
    currency: string,
    wishes: readonly Wish[],
    email: string | null,
  ): Promise<Filled> {
    const wanted = actor.kind === 'person' || email === null ? { currency } : { currency, email };
    const { id, token } = await this.opening.open(actor, wanted);
    const holder = { actor, tokenHash: token === null ? null : hashOf(token) };
    let leftOut: LeftOut[] = [];
    await this.carts.change(id, holder, null, async (locked) => {
      leftOut = await this.contents.putInWhatFits(locked, groupsOf(actor), wishes, true);
    });
    return { id, token, leftOut };
  }
}
