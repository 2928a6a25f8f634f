import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { isCurrency } from '../../platform/money/currencies.js';
import { MAX_PRICE, Money } from '../../platform/money/money.js';
import { ask } from '../../platform/outside/ask.js';
import { type CarrierRate, CarrierRates, type RateRequest } from './carrier-rates.port.js';
import type { TransitDays } from './delivery-estimate.js';

const MOST_BYTES = 100_000;
const MAX_RATES = 100;

/**
 * Asks `CARRIER_RATES_URL`: POST of `{currency, destination, parcels: [{grams, lengthMm, widthMm, heightMm}]}`, answered by
 * `{rates: [{service, amount, currency, minDays?, maxDays?}]}` in minor units. Rates that make no sense are passed over.
 */
@Injectable()
export class HttpCarrierRates extends CarrierRates {
  private readonly log = new Logger('carrier-rates');

  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {
    super();
  }

  get isThere(): boolean {
    return this.config.carrierRatesUrl !== null;
  }

  async rates(request: RateRequest): Promise<CarrierRate[]> {
    if (this.database.inTransaction)
      throw new Error('a carrier was about to be asked with a transaction open');
    const { carrierRatesUrl: url, carrierRatesKey: key, carrierRatesTimeoutMs: timeout } = this.config;
    if (url === null) throw new Error('CARRIER_RATES_URL is not set');
    try {
      return ratesOf(
        await ask(url, { body: bodyOf(request), token: key, timeoutMs: timeout, mostBytes: MOST_BYTES }),
      );
    } catch (error) {
      this.log.warn({ why: error instanceof Error ? error.message : 'no reason given' }, 'no rates');
      throw error;
    }
  }
}

const bodyOf = ({ currency, destination, parcels }: RateRequest): object => ({
  currency,
  destination,
  parcels: parcels.map(({ grams, lengthMm, widthMm, heightMm }) => ({ grams, lengthMm, widthMm, heightMm })),
});

function ratesOf(body: unknown): CarrierRate[] {
  const rates = (body as { rates?: unknown } | null)?.rates;
  if (!Array.isArray(rates)) throw new Error('answered with something that is no list of rates');
  return rates.slice(0, MAX_RATES).flatMap((rate) => rateOf((rate ?? {}) as Record<string, unknown>) ?? []);
}

function rateOf({
  service,
  amount,
  currency,
  minDays,
  maxDays,
}: Record<string, unknown>): CarrierRate | null {
  const isPrice =
    typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0 && amount <= MAX_PRICE;
  if (typeof service !== 'string' || !isPrice || typeof currency !== 'string' || !isCurrency(currency))
    return null;
  return { service, price: Money.of(amount, currency), transit: transitOf(minDays, maxDays) };
}

function transitOf(min: unknown, max: unknown = min): TransitDays | null {
  const isCount = (days: unknown): days is number =>
    Number.isInteger(days) && Number(days) >= 0 && Number(days) <= 365;
  return isCount(min) && isCount(max) && min <= max ? { min, max } : null;
}
