import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { assess } from '../cart/assessment.js';
import { type Holder, holds } from '../cart/cart.access.js';
import { CartRepository } from '../cart/cart.repository.js';
import { Outsiders } from '../cart/outsiders.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { Quotes } from '../shipping/carrier-quotes.service.js';
import { PickupPointRepository } from '../shipping/pickup-point.repository.js';
import { type Rules, SellingRules } from '../shipping/selling-rules.js';
import type { TaxQuote } from '../tax/external-tax.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { CheckedVatId } from '../tax/vat-id.js';
import type { CheckoutDto } from './checkout.dto.js';
import { withCheckout } from './draft.js';

/** What an order is made by: read, and asked for, before its transaction. */
export interface Terms {
  rules: Rules;
  quotes: Quotes;
  known: {
    /** The VAT id that came with the checkout; null: none did. */
    vat: CheckedVatId | null;
    /** The provider's answer; null: the shop's own zones say the taxes. */
    quote: TaxQuote | null;
  };
}

/**
 * Asks carriers, the register of VAT ids and the provider of taxes before the checkout opens its transaction. A shop that has
 * nobody to ask pays nothing for it.
 */
@Injectable()
export class CheckoutTerms {
  constructor(
    private readonly rules: SellingRules,
    private readonly carts: CartRepository,
    private readonly facts: CartFactsReader,
    private readonly outsiders: Outsiders,
    private readonly points: PickupPointRepository,
    private readonly tax: TaxDesk,
    private readonly clock: Clock,
  ) {}

  /**
   * The answers are to just this cart: the kept ones when they were shown already. When it changes before its lock is had, they
   * do not fit; then a carrier's price is refused, and the shop's own zones say the taxes. To a cart that cannot be checked out
   * there are none: the placing says why. 400 when the VAT id cannot be one.
   */
  async of(cartId: string, holder: Holder, input: CheckoutDto, ip: string): Promise<Terms> {
    const rules = await this.rules.current();
    const none: Terms = { rules, quotes: new Quotes(), known: { vat: null, quote: null } };
    const asks = asksOutside(rules);
    const stored = input.vatId || asks ? await this.carts.find(cartId) : undefined;
    if (!stored || !holds(holder, stored)) return none;
    const vat = input.vatId ? await this.tax.checked(input.vatId, { cartId, ip }) : null;
    if (!asks || stored.orderId !== null || stored.lines.length === 0) {
      return { ...none, known: { vat, quote: null } };
    }
    const point = input.pickupPointId ? ((await this.points.find(input.pickupPointId)) ?? null) : null;
    const cart = withCheckout(stored, input, point, vat);
    const { email } = cart;
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions, { email });
    const now = this.clock.now();
    const { quotes, quote } = await this.outsiders.heard((said) =>
      assess(cart, sellable, rules, { now, facts, ...said }),
    );
    return { rules, quotes, known: { vat, quote } };
  }
}

const asksOutside = ({ tax, shipping }: Rules): boolean =>
  tax.asksProvider ||
  shipping.some(({ options }) => options.some(({ carrierService }) => carrierService !== null));
