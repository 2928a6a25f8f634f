import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, realNow } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Breaker } from '../../platform/outside/breaker.js';
import { CarrierQuoteRepository } from './carrier-quotes.repository.js';
import {
  type CarrierQuotes,
  type CarrierRate,
  CarrierRates,
  type RateRequest,
} from './carrier-rates.port.js';

/** For so long a shopper can count on what was shown. */
const KEPT_MS = 15 * 60_000;
/** For so long after no answer everybody is shown the fallback. */
const SILENT_MS = 60_000;

/** Answers of carriers, as far as they are known; notes what was asked for and is not. */
export class Quotes implements CarrierQuotes {
  readonly unknown = new Map<string, RateRequest>();

  constructor(
    private readonly known: ReadonlyMap<string, CarrierRate[] | null> = new Map(),
    /** Somebody was asked for them just now: no shopper has seen them yet. */
    readonly areFresh = false,
    /** False: there is nobody to ask, so nothing is ever unknown. */
    private readonly isNoting = true,
  ) {}

  of(request: RateRequest, service: string): CarrierRate | null {
    const hash = hashOf(request);
    const rates = this.known.get(hash);
    if (rates === undefined && this.isNoting) this.unknown.set(hash, request);
    return (
      rates?.find((rate) => rate.service === service && rate.price.currency === request.currency) ?? null
    );
  }
}

/**
 * What carriers ask, kept for a quarter of an hour, so that a cart shows one price and the checkout takes that very
 * price. A cart without methods of carriers costs nothing here. Never inside a transaction.
 */
@Injectable()
export class CarrierQuoteService {
  private readonly breaker = new Breaker();
  private readonly asking = new Map<string, Promise<CarrierRate[] | null>>();

  constructor(
    private readonly carriers: CarrierRates,
    private readonly quotes: CarrierQuoteRepository,
    private readonly clock: Clock,
    private readonly database: Database,
  ) {}

  /** Does work that asks for quotes: again with the answers when they were not known. It must have no effects. */
  async quoting<T>(work: (quotes: Quotes) => T): Promise<{ result: T; quotes: Quotes }> {
    const none = new Quotes(new Map(), false, this.carriers.isThere);
    const first = work(none);
    if (none.unknown.size === 0) return { result: first, quotes: none };
    // Not the fault of any carrier: it must neither be kept nor be held against one.
    if (this.database.inTransaction)
      throw new Error('carriers were about to be asked with a transaction open');
    const quotes = await this.fetch(none.unknown);
    return { result: work(quotes), quotes };
  }

  private async fetch(requests: ReadonlyMap<string, RateRequest>): Promise<Quotes> {
    const known = await this.quotes.find([...requests.keys()], this.clock.now());
    const missing = [...requests].filter(([hash]) => !known.has(hash));
    await Promise.all(
      missing.map(async ([hash, request]) => known.set(hash, await this.askOnce(hash, request))),
    );
    return new Quotes(known, missing.length > 0);
  }

  /** Two who want to know the same at once ask once. */
  private askOnce(hash: string, request: RateRequest): Promise<CarrierRate[] | null> {
    const present = this.asking.get(hash);
    if (present) return present;
    const asked = this.ask(hash, request).finally(() => this.asking.delete(hash));
    this.asking.set(hash, asked);
    return asked;
  }

  private async ask(hash: string, request: RateRequest): Promise<CarrierRate[] | null> {
    const rates = await this.breaker.call(
      () => realNow().getTime(),
      () => this.carriers.rates(request),
    );
    const now = this.clock.now();
    const until = new Date(now.getTime() + (rates ? KEPT_MS : SILENT_MS));
    return this.quotes.keep(hash, rates, until, now);
  }
}

/** The same question, the same hash: where it goes, what it is, in which currency. */
function hashOf({ currency, destination: { country, region, postalCode }, parcels }: RateRequest): string {
  const sizes = parcels.map(({ grams, lengthMm, widthMm, heightMm }) => [grams, lengthMm, widthMm, heightMm]);
  return createHash('sha256')
    .update(JSON.stringify([currency, country, region, postalCode, sizes]))
    .digest('hex');
}
