import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { CartRepository } from '../cart/cart.repository.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { CarrierQuoteService, Quotes } from '../shipping/carrier-quotes.service.js';
import type { Rules } from '../shipping/selling-rules.js';
import type { CheckoutDto } from './checkout.dto.js';
import { withCheckout } from './draft.js';

/**
 * What carriers ask for a cart, known before the checkout opens its transaction. A shop without methods of carriers pays
 * nothing for it.
 */
@Injectable()
export class QuotesAhead {
  constructor(
    private readonly carts: CartRepository,
    private readonly facts: CartFactsReader,
    private readonly carriers: CarrierQuoteService,
    private readonly clock: Clock,
  ) {}

  async quotes(cartId: string, holder: Holder, input: CheckoutDto, rules: Rules): Promise<Quotes> {
    const hasCarriers = rules.shipping.some(({ options }) =>
      options.some(({ carrierService }) => carrierService),
    );
    const cart = hasCarriers ? await this.carts.find(cartId) : undefined;
    if (!cart || !holds(holder, cart) || cart.orderId !== null || cart.lines.length === 0)
      return new Quotes();
    const wanted = withCheckout(cart, input, null);
    const { email } = wanted;
    const { sellable, facts } = await this.facts.read(wanted, holder.actor, rules.promotions, { email });
    const now = this.clock.now();
    const { quotes } = await this.carriers.quoting((known) =>
      assess(wanted, sellable, rules, { now, facts, quotes: known }),
    );
    return quotes;
  }
}
