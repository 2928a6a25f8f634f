import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { anonymous } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { type Assessment, assess } from '../cart/assessment.js';
import { askedOf, type Terms } from '../checkout/checkout-terms.service.js';
import { CartFactsReader } from '../promotion/cart-facts.service.js';
import { CarrierQuoteService } from '../shipping/carrier-quotes.service.js';
import { SellingRules } from '../selling/selling-rules.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { Certificate } from '../tax/tax-rules.js';
import { cartOf, type DraftOrder, pricesOf } from './draft-order.js';
import { priced } from '../checkout/set-prices.js';

/** What a draft is placed by. */
export interface DraftTerms extends Terms {
  certificates: Certificate[];
}

/** What drafts come to now: judged as carts are, with the prices that staff have set. */
@Injectable()
export class DraftQuotes {
  constructor(
    private readonly facts: CartFactsReader,
    private readonly rules: SellingRules,
    private readonly carriers: CarrierQuoteService,
    private readonly desk: TaxDesk,
    private readonly identity: IdentityApi,
    private readonly clock: Clock,
  ) {}

  /** The draft as a cart would stand now; null: it is placed. */
  async quote(draft: DraftOrder): Promise<Assessment | null> {
    return draft.state === 'open' ? (await this.judge(draft)).assessment : null;
  }

  /** What a draft is placed by; carriers and tax providers are asked for it, so never in a transaction. */
  async terms(draft: DraftOrder): Promise<DraftTerms> {
    const { assessment: _, ...terms } = await this.judge(draft);
    return terms;
  }

  /** Codes of the groups of the buyer. */
  async groupsOf({ customerId }: DraftOrder): Promise<string[]> {
    return customerId === null ? [] : this.identity.groupsOf(customerId);
  }

  private async judge(draft: DraftOrder): Promise<DraftTerms & { assessment: Assessment }> {
    const rules = await this.rules.current();
    const certificates = await this.desk.certificatesOf(draft.customerId);
    const cart = cartOf(draft, certificates);
    const buyer = { email: draft.email, groups: await this.groupsOf(draft) };
    const { sellable, facts } = await this.facts.read(cart, anonymous, rules.promotions, buyer);
    const now = this.clock.now();
    const variants = priced(sellable, pricesOf(draft));
    const { result, quotes } = await this.carriers.quoting((known) =>
      assess(cart, variants, rules, { now, facts, quotes: known }),
    );
    const said = result.taxQuestion && (await this.desk.answer(result.taxQuestion));
    const quote = said?.quote ?? null;
    const assessment = quote ? assess(cart, variants, rules, { now, facts, quotes, quote }) : result;
    return {
      ...{ assessment, certificates, rules, quotes },
      known: { vat: null, quote, asked: askedOf(assessment), isUnseen: said?.isFresh ?? false },
    };
  }
}
