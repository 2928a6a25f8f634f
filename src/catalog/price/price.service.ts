import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { ProductChanged } from '../catalog.events.js';
import { PriceListRepository } from '../price-list/price-list.repository.js';
import { SearchIndex } from '../search/search-index.service.js';
import type { PriceDto, SetPriceDto } from './price.dto.js';
import {
  type NewEntry,
  type NewPrice,
  type PriceFilter,
  PriceRepository,
  type PriceView,
} from './price.repository.js';

/** A price and its place: a list and a quantity, or the base prices. */
export interface NewPlacedPrice extends Omit<NewEntry, 'priceListId'> {
  priceListId: string | null;
}

/** Which price, since when, by whom. */
@Injectable()
export class PriceService {
  constructor(
    private readonly database: Database,
    private readonly prices: PriceRepository,
    private readonly lists: PriceListRepository,
    private readonly search: SearchIndex,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /**
   * Sets base prices and entries of price lists from now on, all or none. 422 `catalog.compare_at_too_low` and
   * `catalog.price_list_currency`; 404 for a variant or a list that there is not, or that is archived.
   */
  async set(wanted: SetPriceDto[], actor: Actor): Promise<void> {
    refuseOdd(wanted);
    await this.database.transaction(async () => {
      const lists = await this.held(wanted.flatMap(({ priceListId }) => priceListId ?? []));
      const prices = inCurrencies(wanted, new Map(lists.map(({ id, currency }) => [id, currency])));
      const variantIds = [...new Set(wanted.map(({ variantId }) => variantId))];
      const productIds = await this.lock(
        variantIds,
        (id) => `/prices/${wanted.findIndex(({ variantId }) => variantId === id)}/variantId`,
      );
      await this.write(prices, productIds, this.clock.now(), personId(actor) ?? actor.kind);
      for (const subjectId of variantIds) {
        this.audit.record({ actor, action: 'catalog.price.set', subjectType: 'variant', subjectId });
      }
    });
  }

  /**
   * Locks variants with their products, whose ids it returns, in the caller's transaction; 404 when one of them is unknown;
   * `pointer` says where in the caller's input it stands.
   */
  async lock(variantIds: string[], pointer?: (variantId: string) => string): Promise<string[]> {
    const found = await this.prices.lockProducts(variantIds);
    if (found.length < variantIds.length) {
      const there = new Set(found.map(({ id }) => id));
      const errors = variantIds
        .filter((id) => pointer && !there.has(id))
        .map((id) => ({ pointer: pointer?.(id) ?? '', code: 'unknown', message: 'is not known' }));
      throw platformProblems.not_found('One of the variants does not exist.', { errors });
    }
    return [...new Set(found.map(({ productId }) => productId))];
  }

  /** Appends prices of locked variants, in the caller's transaction, with all that shows them. */
  async write(prices: NewPlacedPrice[], productIds: string[], now: Date, by: string): Promise<void> {
    const base: NewPrice[] = [];
    const entries: NewEntry[] = [];
    for (const { priceListId, minQuantity, amount, ...price } of prices) {
      if (priceListId !== null) entries.push({ ...price, amount, priceListId, minQuantity });
      else if (amount !== null) base.push({ ...price, amount });
    }
    if (base.length > 0) await this.prices.append(base, now, by);
    if (entries.length > 0) await this.prices.appendEntries(entries, now, by);
    await this.search.refresh(productIds);
    this.outbox.record(new ProductChanged({ productIds }));
    this.database.afterCommit(() => this.pages.dropAll());
  }

  /** 404 for a list that there is not, or that is archived; 422 for one in another currency. */
  async requireLists(ids: string[], currency: string): Promise<void> {
    const lists = await this.held(ids);
    if (lists.some((list) => list.currency !== currency)) throw catalogProblems.price_list_currency();
  }

  private async held(ids: string[]) {
    const wanted = [...new Set(ids)];
    const lists = wanted.length > 0 ? await this.lists.hold(wanted) : [];
    if (lists.length < wanted.length)
      throw platformProblems.not_found('One of the price lists does not exist.');
    return lists;
  }

  /** The ledger, the newest first. */
  async history(filter: PriceFilter, after: string | null, limit: number): Promise<PriceDto[]> {
    return (await this.prices.history(filter, after, limit)).map(shown);
  }

  /** What stands in a price list, by variant and quantity. */
  async present(
    priceListId: string,
    after: { variantId: string; minQuantity: number } | null,
    limit: number,
  ): Promise<PriceDto[]> {
    return (await this.prices.present(priceListId, after, limit)).map(shown);
  }
}

/** What is wrong with the wishes themselves, whatever there is. */
function refuseOdd(wanted: SetPriceDto[]): void {
  const faults: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, wish] of wanted.entries()) {
    const { variantId, price, compareAtPrice, priceListId = null, minQuantity = 1 } = wish;
    const fault = (field: string, code: string, message: string) =>
      faults.push({ pointer: `/prices/${index}${field}`, code, message });
    if (compareAtPrice && price === null)
      fault('/compareAtPrice', 'needs_price', 'must be left out where there is no price');
    else if (
      compareAtPrice &&
      price &&
      (compareAtPrice.currency !== price.currency || compareAtPrice.amount <= price.amount)
    )
      throw catalogProblems.compare_at_too_low(undefined, {
        errors: [
          {
            pointer: `/prices/${index}/compareAtPrice`,
            code: 'too_low',
            message: 'must be higher than the price, in its currency',
          },
        ],
      });
    if (priceListId === null && price === null)
      fault('/price', 'required', 'must be a price: it is no entry of a list');
    if (priceListId === null && minQuantity > 1)
      fault('/minQuantity', 'needs_list', 'must be 1, or stand with a priceListId');
    const key = [variantId, priceListId ?? price?.currency, minQuantity].join(' ');
    if (seen.has(key)) fault('', 'duplicate', 'stands twice');
    seen.add(key);
  }
  if (faults.length > 0)
    throw platformProblems.invalid_input('These prices cannot be set together, or not like this.', {
      errors: faults,
    });
}

/** Prices with their place; those of a list are in its currency. */
function inCurrencies(wanted: SetPriceDto[], currencies: Map<string, string>): NewPlacedPrice[] {
  return wanted.map(({ variantId, price, compareAtPrice, priceListId = null, minQuantity = 1 }, index) => {
    const currency = (priceListId === null ? price?.currency : currencies.get(priceListId)) ?? '';
    if (price && price.currency !== currency)
      throw catalogProblems.price_list_currency(`The list is in ${currency}.`, {
        errors: [
          {
            pointer: `/prices/${index}/price/currency`,
            code: 'other_currency',
            message: `must be ${currency}`,
          },
        ],
      });
    const [amount, compareAt] = [price?.amount ?? null, compareAtPrice?.amount ?? null];
    return { variantId, currency, priceListId, minQuantity, amount, compareAt };
  });
}

const shown = ({ amount, compareAt, validFrom, ...row }: PriceView): PriceDto => ({
  ...row,
  price: amount === null ? null : { amount: Number(amount), currency: row.currency },
  compareAtPrice: compareAt === null ? null : { amount: Number(compareAt), currency: row.currency },
  validFrom: validFrom.toISOString(),
});
