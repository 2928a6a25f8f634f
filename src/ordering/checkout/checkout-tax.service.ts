import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { CartRepository } from '../cart/cart.repository.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import type { Quotes } from '../shipping/carrier-quotes.service.js';
import { PickupPointRepository } from '../shipping/pickup-point.repository.js';
import type { Rules } from '../shipping/selling-rules.js';
import type { TaxQuote } from '../tax/external-tax.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { CheckedVatId } from '../tax/vat-id.js';
import type { CheckoutDto } from './checkout.dto.js';
import { withCheckout } from './draft.js';

/** What somebody outside has said about the tax of a checkout, known before its transaction opens. */
export interface KnownTax {
  vat: CheckedVatId | null;
  quote: TaxQuote | null;
}

/** Asks outside before the checkout opens its transaction: nothing at all in a shop that has nobody to ask. */
@Injectable()
export class CheckoutTax {
  constructor(
    private readonly carts: CartRepository,
    private readonly facts: CartFactsReader,
    private readonly desk: TaxDesk,
    private readonly points: PickupPointRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The VAT id that came with the checkout, and the provider's answer to just this cart: the kept one when it was shown
   * already. When the cart changes before its lock is had, the answer does not fit and the shop's own zones hold.
   */
  async prepare(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    { rules, quotes }: { rules: Rules; quotes: Quotes },
  ): Promise<KnownTax> {
    if (!input.vatId && !rules.tax.asksProvider) return { vat: null, quote: null };
    const stored = await this.carts.find(cartId);
    // The placing says no to it.
    if (!stored || !holds(holder, stored)) return { vat: null, quote: null };
    const vat = input.vatId ? await this.desk.checked(input.vatId) : null;
    if (!rules.tax.asksProvider || stored.orderId !== null) return { vat, quote: null };
    const point = input.pickupPointId ? ((await this.points.find(input.pickupPointId)) ?? null) : null;
    const cart = withCheckout(stored, input, point, vat);
    const { email } = cart;
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions, { email });
    const { taxQuestion } = assess(cart, sellable, rules, { now: this.clock.now(), facts, quotes });
    return { vat, quote: taxQuestion && (await this.desk.quote(taxQuestion)) };
  }
}
