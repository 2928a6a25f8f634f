import { Injectable } from '@nestjs/common';
import { CarrierQuoteService, type Quotes } from '../shipping/carrier-quotes.service.js';
import type { TaxQuote } from '../tax/external-tax.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { Assessment } from './assessment.js';

/** What they have said. */
export interface Said {
  quotes: Quotes;
  /** Null: the shop's own zones say the taxes. */
  quote: TaxQuote | null;
}

export interface Heard extends Said {
  assessment: Assessment;
  /** The provider of taxes was asked just now: no shopper has seen what came of it. */
  isTaxFresh: boolean;
}

/** Those outside who have a say in what a cart costs: carriers, and then the provider of taxes. Never inside a transaction. */
@Injectable()
export class Outsiders {
  constructor(
    private readonly carriers: CarrierQuoteService,
    private readonly tax: TaxDesk,
  ) {}

  /**
   * The judgement with all that they say to it, and what that is, so that a later one comes to the same. `judge` must have no
   * effects: it is asked again with each answer. Where there is nobody to ask, it is asked once and nothing is read.
   */
  async heard(judge: (said: Said) => Assessment): Promise<Heard> {
    const { result, quotes } = await this.carriers.quoting((known) => judge({ quotes: known, quote: null }));
    const said = result.taxQuestion && (await this.tax.answer(result.taxQuestion));
    const quote = said?.quote ?? null;
    const isTaxFresh = said?.isFresh ?? false;
    return { assessment: quote ? judge({ quotes, quote }) : result, quotes, quote, isTaxFresh };
  }
}
