import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { requireInPerson } from '../../platform/access/access.js';
import { type Actor, groupsOf, personId } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import { CartContents } from './cart-contents.service.js';
import { toLines, type WantedLine, wantedLines } from './cart-lines.js';
import { type AssessedCart, CartReader } from './cart-reader.service.js';
import type { CreateCartDto } from './cart.dto.js';
import { type Cart, remindSince } from './cart.js';
import { CartRepository } from './cart.repository.js';
import { CartService } from './cart.service.js';

export interface OpenedCart {
  id: string;
  /** Told once, to the guest who holds it. */
  token: string | null;
  /** As it stands when it is new: too little is known of it to ask anybody outside. Null: it was there before. */
  fresh: AssessedCart | null;
  /** Whether something was put into one that was there before. */
  changed: boolean;
}

const inLines = (index: number): string => `/lines/${index}`;

/** The cart that somebody begins to fill. */
@Injectable()
export class CartOpening {
  constructor(
    private readonly carts: CartRepository,
    private readonly service: CartService,
    private readonly contents: CartContents,
    private readonly reader: CartReader,
    private readonly identity: IdentityApi,
    private readonly tax: TaxDesk,
    private readonly clock: Clock,
  ) {}

  /**
   * A cart with its lines in one go. A guest gets the token that opens it; a customer's cart opens by signing in. A customer
   * has one active cart in a currency: when there is one, the lines go into it.
   */
  async open(actor: Actor, input: CreateCartDto): Promise<OpenedCart> {
    if (input.remindMe) requireInPerson(actor);
    const customerId = personId(actor);
    const token = customerId === null ? newSecret() : null;
    const wanted = wantedLines(input.lines ?? [], inLines);
    const known = await this.contents.sellable(input.currency, groupsOf(actor), wanted, inLines);
    const now = this.clock.now();
    const cart: Cart = {
      id: newId(),
      tokenHash: token === null ? null : hashOf(token),
      restoreHash: null,
      customerId,
      currency: input.currency,
      // A customer need not say again what we know.
      email: input.email ?? (customerId && (await this.identity.customer(customerId))?.email) ?? null,
      shippingAddress: null,
      billingAddress: null,
      shippingOptionId: null,
      promotionCodes: [],
      pickupPointId: null,
      pickupPoint: null,
      remindSince: input.remindMe ? now : null,
      vatId: null,
      giftMessage: null,
      vatCheck: null,
      certificates: await this.tax.certificatesOf(customerId),
      state: 'active',
      version: 1,
      lines: toLines(wanted, known),
    };
    if (await this.carts.insert(cart, now))
      return { id: cart.id, token, fresh: await this.reader.fresh(cart, actor, known, now), changed: false };
    // Null: ordered in this very moment; then there is room for a new one.
    return (await this.putIntoActive(actor, input, wanted)) ?? this.open(actor, input);
  }

  /** Null: the active cart is gone. */
  private async putIntoActive(
    actor: Actor,
    { currency, email, remindMe }: CreateCartDto,
    wanted: readonly WantedLine[],
  ): Promise<OpenedCart | null> {
    const customerId = personId(actor);
    const id = customerId && (await this.carts.activeOf(customerId, currency));
    if (id === null) return null;
    const holder = { actor, tokenHash: null };
    if (wanted.length === 0 && email === undefined && remindMe === undefined)
      return { id, token: null, fresh: null, changed: false };
    await this.service.change(id, holder, null, async (cart) => {
      await this.contents.putIn(cart, groupsOf(actor), wanted, inLines);
      const kept = email ?? cart.email;
      const since = remindSince(cart, kept, remindMe, this.clock.now());
      await this.carts.save(id, { ...cart, email: kept, remindSince: since });
    });
    return { id, token: null, fresh: null, changed: true };
  }
}
