import { Injectable } from '@nestjs/common';
import { personId } from '../../platform/access/actor.js';
import { toAddress } from '../../platform/address/address.js';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CodeGuesses } from '../promotion/code-guesses.service.js';
import { ShippingChoices } from '../shipping/shipping-choices.service.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import { type Holder, holds } from './cart.access.js';
import type { UpdateCartDto } from './cart.dto.js';
import { type Cart, remindSince } from './cart.js';
import { CartRepository } from './cart.repository.js';

/** What was judged of a change of a cart before its lock; what is left out stays as it is. */
type Judged = Partial<Pick<Cart, 'vatId' | 'vatCheck' | 'promotionCodes'>>;

/** What a shopper says beside what lies in the cart: where it goes, how, for which codes, and who it is. */
@Injectable()
export class CartParticulars {
  constructor(
    private readonly carts: CartRepository,
    private readonly choices: ShippingChoices,
    private readonly guesses: CodeGuesses,
    private readonly tax: TaxDesk,
    private readonly clock: Clock,
  ) {}

  /**
   * Before the cart is locked, and only for whoever may change it: the VAT id as it will be kept, which the register is asked
   * about, and the codes, at which nobody shall guess from `ip`. 400 at `/vatId`, 422 for a code that the shop does not have, 429
   * for who asks too often.
   */
  async ahead(
    id: string,
    holder: Holder,
    { vatId, promotionCodes }: UpdateCartDto,
    ip: string,
  ): Promise<Judged> {
    await this.choices.ready();
    if (vatId === undefined && promotionCodes === undefined) return {};
    const cart = await this.carts.find(id);
    if (!cart || !holds(holder, cart)) throw platformProblems.not_found();
    const customerId = cart.customerId ?? personId(holder.actor);
    return {
      ...(vatId === null && { vatId, vatCheck: null }),
      ...(vatId && (await this.tax.checked(vatId, { cartId: id, ip }))),
      ...(promotionCodes && {
        promotionCodes: await this.guesses.accept(promotionCodes, { ...cart, customerId, ip }),
      }),
    };
  }

  /** In the caller's transaction, which holds the lock of the cart. What is left out stays; 422 for a way that there is not. */
  async keep(cart: Cart, input: UpdateCartDto, judged: Judged): Promise<void> {
    const { shippingAddress: to = cart.shippingAddress } = input;
    await this.choices.require(input, to && toAddress(to));
    const { email = cart.email } = input;
    const { shippingAddress = cart.shippingAddress, billingAddress = cart.billingAddress } = input;
    const { promotionCodes, vatId, vatCheck } = cart;
    await this.carts.save(cart.id, {
      email,
      remindSince: remindSince(cart, email, input.remindMe, this.clock.now()),
      shippingAddress: shippingAddress && toAddress(shippingAddress),
      billingAddress: billingAddress && toAddress(billingAddress),
      shippingOptionId: input.shippingOptionId === undefined ? cart.shippingOptionId : input.shippingOptionId,
      pickupPointId: input.pickupPointId === undefined ? cart.pickupPointId : input.pickupPointId,
      giftMessage: input.giftMessage === undefined ? cart.giftMessage : input.giftMessage,
      ...{ promotionCodes, vatId, vatCheck },
      ...judged,
    });
  }
}
