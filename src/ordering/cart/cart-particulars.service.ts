import { Injectable } from '@nestjs/common';
import { personId } from '../../platform/access/actor.js';
import { toAddress } from '../../platform/address/address.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CartCodes } from '../promotion/cart-codes.service.js';
import { ShippingChoices } from '../shipping/shipping-choices.service.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { CheckedVatId } from '../tax/vat-id.js';
import { type Holder, holds } from './cart.access.js';
import type { UpdateCartDto } from './cart.dto.js';
import { type Cart, remindSince } from './cart.js';
import { CartRepository } from './cart.repository.js';

type KeptVatId = CheckedVatId | { vatId: null; vatCheck: null };

/** What a shopper says beside what lies in the cart: where it goes, how, for which codes, and who it is. */
@Injectable()
export class CartParticulars {
  constructor(
    private readonly carts: CartRepository,
    private readonly choices: ShippingChoices,
    private readonly codes: CartCodes,
    private readonly tax: TaxDesk,
    private readonly clock: Clock,
  ) {}

  /**
   * Before the cart is locked: the VAT id as it will be kept, which the register is asked about only for whoever may change the
   * cart; undefined when nothing is said of it.
   */
  async ahead(id: string, holder: Holder, { vatId }: UpdateCartDto): Promise<KeptVatId | undefined> {
    await this.choices.ready();
    if (vatId === undefined) return undefined;
    if (vatId === null) return { vatId, vatCheck: null };
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    return this.tax.checked(vatId);
  }

  /**
   * In the caller's transaction, which holds the lock of the cart. What is left out stays; 422 for a way or a code that the shop
   * does not have.
   */
  async keep(cart: Cart, holder: Holder, input: UpdateCartDto, vat?: KeptVatId): Promise<void> {
    await this.choices.require(input);
    const { email = cart.email, promotionCodes } = input;
    const { shippingAddress = cart.shippingAddress, billingAddress = cart.billingAddress } = input;
    const customerId = cart.customerId ?? personId(holder.actor);
    await this.carts.save(cart.id, {
      email,
      remindSince: remindSince(cart, email, input.remindMe, this.clock.now()),
      shippingAddress: shippingAddress && toAddress(shippingAddress),
      billingAddress: billingAddress && toAddress(billingAddress),
      shippingOptionId: input.shippingOptionId === undefined ? cart.shippingOptionId : input.shippingOptionId,
      promotionCodes: promotionCodes
        ? await this.codes.accept(promotionCodes, cart.promotionCodes, customerId)
        : cart.promotionCodes,
      pickupPointId: input.pickupPointId === undefined ? cart.pickupPointId : input.pickupPointId,
      giftMessage: input.giftMessage === undefined ? cart.giftMessage : input.giftMessage,
      ...(vat ?? { vatId: cart.vatId, vatCheck: cart.vatCheck }),
    });
  }
}
