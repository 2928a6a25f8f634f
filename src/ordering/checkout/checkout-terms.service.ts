import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { type Assessment, assess } from '../cart/assessment.js';
import { type Holder, holds } from '../cart/cart.access.js';
import type { Cart } from '../cart/cart.js';
import { CartRepository } from '../cart/cart.repository.js';
import { Outsiders } from '../cart/outsiders.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { Quotes } from '../shipping/carrier-quotes.service.js';
import { PickupPointRepository } from '../shipping/pickup-point.repository.js';
import { type Rules, SellingRules } from '../selling/selling-rules.js';
import { hashOfQuestion, type TaxQuote } from '../tax/external-tax.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import { isTrusted } from '../../platform/vat/reverse-charge.js';
import type { CheckedVatId } from '../../platform/vat/vat-id.js';
import type { CheckoutDto } from './checkout.dto.js';
import { saysWhere, withCheckout } from './draft.js';

/** What is known of the tax before the transaction. */
export interface KnownTax {
  /** The VAT id that came with the checkout, or the one of the cart when it was checked again; null: what the cart has stands. */
  vat: CheckedVatId | null;
  /** The provider's answer; null: the shop's own zones say the taxes. */
  quote: TaxQuote | null;
  /** The hash of what the provider was asked; null: nothing. */
  asked: string | null;
  /** Somebody outside has just said what no shopper can have seen. */
  isUnseen: boolean;
}

/** What an order is made by: read, and asked for, before its transaction. */
export interface Terms {
  rules: Rules;
  quotes: Quotes;
  known: KnownTax;
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
   * do not fit, and the order is refused. A VAT id that nobody could check, or that was checked more than a day ago, is checked
   * again, and the cart keeps what comes of it. To a cart that cannot be checked out
   * there are none: the placing says why. 400 when the VAT id cannot be one.
   */
  async of(cartId: string, holder: Holder, input: CheckoutDto, ip: string): Promise<Terms> {
    const rules = await this.rules.current();
    const none: Terms = { rules, quotes: new Quotes(), known: NOTHING };
    const asks = asksOutside(rules);
    const stored = input.vatId || asks || this.tax.checksVatIds ? await this.carts.find(cartId) : undefined;
    if (!stored || !holds(holder, stored)) return none;
    const again = input.vatId || stored.orderId !== null ? null : await this.recheck(stored, ip);
    const vat = input.vatId ? await this.tax.checked(input.vatId, { cartId, ip }) : again;
    const { unverifiedVatIds } = rules.tax.settings;
    const isOther =
      again !== null &&
      isTrusted(again.vatCheck, unverifiedVatIds) !== isTrusted(stored.vatCheck, unverifiedVatIds);
    if (!asks || stored.orderId !== null || stored.lines.length === 0) {
      return { ...none, known: { ...NOTHING, vat, isUnseen: isOther && !saysWhere(input, stored) } };
    }
    const point = input.pickupPointId ? ((await this.points.find(input.pickupPointId)) ?? null) : null;
    const cart = withCheckout(stored, input, point, vat);
    const { email } = cart;
    const { sellable, facts } = await this.facts.read(cart, holder.actor, rules.promotions, { email });
    const now = this.clock.now();
    const { assessment, quotes, quote, isTaxFresh } = await this.outsiders.heard((said) =>
      assess(cart, sellable, rules, { now, facts, ...said }),
    );
    const isUnseen = (isOther || isTaxFresh) && !saysWhere(input, stored);
    return { rules, quotes, known: { vat, quote, asked: askedOf(assessment), isUnseen } };
  }

  private async recheck({ id, vatId, vatCheck }: Cart, ip: string): Promise<CheckedVatId | null> {
    const again = await this.tax.checkedAgain(vatId, vatCheck, { cartId: id, ip });
    if (again) await this.carts.keepCheck(id, again);
    return again;
  }
}

const NOTHING: KnownTax = { vat: null, quote: null, asked: null, isUnseen: false };

/** The name of what the provider is asked for a cart. */
export const askedOf = ({ taxQuestion }: Assessment): string | null =>
  taxQuestion && hashOfQuestion(taxQuestion);

const asksOutside = ({ tax, shipping }: Rules): boolean =>
  tax.asksProvider ||
  shipping.some(({ options }) => options.some(({ carrierService }) => carrierService !== null));
