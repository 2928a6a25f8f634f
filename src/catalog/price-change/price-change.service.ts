import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { CategoryRepository } from '../category/category.repository.js';
import { catalogProblems } from '../catalog.errors.js';
import { PriceChangeRequested } from '../catalog.events.js';
import { PriceService } from '../price/price.service.js';
import type { ChangePricesDto, ChangedPriceDto, PriceChangeDto } from './price-change.dto.js';
import {
  type Item,
  type PlannedChange,
  PriceChangeRepository,
  type Summary,
} from './price-change.repository.js';

/** Up to so many are changed before the answer; more by a job. */
const AT_ONCE = 1_000;
/** Prices per transaction of the job. */
const CHUNK = 500;
const SHOWN = 100;

/**
 * Many prices at once. A preview shows what would come of it and names all of it by a fingerprint; the confirmation writes the
 * very same plan down and goes by what it wrote, so that nothing changes that was not shown.
 */
@Injectable()
export class PriceChangeService {
  constructor(
    private readonly database: Database,
    private readonly changes: PriceChangeRepository,
    private readonly categories: CategoryRepository,
    private readonly prices: PriceService,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** What would change; nothing is written. 422 when a price would be out of range. */
  async preview(input: ChangePricesDto): Promise<PriceChangeDto> {
    const plan = planOf(input);
    await this.requireKnown(plan);
    const { total, odd, fingerprint, items } = await this.changes.preview(plan, SHOWN);
    if (odd) throw catalogProblems.price_out_of_range();
    const shown = items.map((item) => shownItem(item, plan.currency));
    return {
      id: null,
      state: 'preview',
      fingerprint,
      total,
      done: 0,
      skipped: 0,
      finishedAt: null,
      items: shown,
    };
  }

  /** Changes what the fingerprint names, at once or by a job; 409 when it would be anything else. */
  async confirm(input: ChangePricesDto, actor: Actor): Promise<PriceChangeDto> {
    const plan = planOf(input);
    const { fingerprint } = input;
    if (!fingerprint)
      throw platformProblems.invalid_input(
        'Confirm the fingerprint of a preview, or ask for one: dryRun=true.',
        {
          errors: [{ pointer: '/fingerprint', code: 'required', message: 'must be that of a preview' }],
        },
      );
    const id = newId();
    await this.database.transaction(async () => {
      await this.requireKnown(plan);
      const by = personId(actor) ?? actor.kind;
      const kept: Summary = await this.changes.keep(id, plan, fingerprint, by, this.clock.now());
      if (kept.fingerprint !== fingerprint) throw catalogProblems.prices_changed();
      const { basisPoints, amount, currency, from, into, rounding, filter } = plan;
      this.audit.record({
        actor,
        action: 'catalog.price.changed_in_bulk',
        subjectType: 'price_change',
        subjectId: id,
        details: { total: kept.total, basisPoints, amount, currency, from, into, rounding, filter },
      });
      if (kept.total > AT_ONCE) this.outbox.record(new PriceChangeRequested({ changeId: id }));
      else if ((await this.step(id, AT_ONCE)).skipped > 0) throw catalogProblems.prices_changed();
    });
    return this.get(id);
  }

  async get(id: string): Promise<PriceChangeDto> {
    const change = await this.changes.find(id);
    if (!change) throw platformProblems.not_found();
    const { state, fingerprint, total, done, skipped, currency, finishedAt } = change;
    const items = (await this.changes.items(id, SHOWN)).map((item) => shownItem(item, currency));
    return {
      id,
      state,
      fingerprint,
      total,
      done,
      skipped,
      finishedAt: finishedAt?.toISOString() ?? null,
      items,
    };
  }

  /** Goes on where it stopped; a price that somebody changed meanwhile stays as it is. */
  async run(id: string): Promise<void> {
    while (!(await this.database.transaction(() => this.step(id, CHUNK))).over);
  }

  /** The lists are there and of the currency, and the category is there: a slip of the pen would change nothing, and say nothing. */
  private async requireKnown(plan: PlannedChange): Promise<void> {
    await this.prices.requireLists(listsOf(plan), plan.currency);
    const { category } = plan.filter;
    if (category === null || (await this.categories.idOf(category)) !== null) return;
    throw catalogProblems.unknown_category(undefined, {
      errors: [{ pointer: '/filter/category', code: 'unknown_category', message: 'is not known' }],
    });
  }

  private async step(id: string, size: number): Promise<{ over: boolean; skipped: number }> {
    const change = await this.changes.lock(id);
    if (!change || change.state === 'finished') return { over: true, skipped: 0 };
    const { done, total, currency, into, setBy } = change;
    const until = Math.min(total, done + size);
    const variantIds = await this.changes.variantsOf(id, done, size);
    const productIds = await this.prices.lock(variantIds);
    const due = await this.changes.due(change, done, size);
    const now = this.clock.now();
    const prices = due.map(({ amount, compareAt, ...place }) => ({
      ...place,
      currency,
      priceListId: into,
      amount: Number(amount),
      compareAt: compareAt === null ? null : Number(compareAt),
    }));
    await this.prices.write(prices, productIds, now, setBy);
    const skipped = until - done - due.length;
    await this.changes.advance(id, until, skipped, now, SHOWN);
    return { over: until >= total, skipped };
  }
}

function planOf(input: ChangePricesDto): PlannedChange {
  const { filter, currency, fromPriceListId: from = null, intoPriceListId = null, rounding = null } = input;
  const { basisPoints = 0, amount = 0, compareAt = 'keep' } = input;
  if (rounding && rounding.ending >= rounding.of)
    throw platformProblems.invalid_input('No price ends so.', {
      errors: [{ pointer: '/rounding/ending', code: 'too_high', message: 'must be lower than `of`' }],
    });
  const { category = null, brand = null, productIds = null, variantIds = null } = filter;
  return {
    filter: { category, brand, productIds, variantIds },
    currency,
    from,
    into: intoPriceListId ?? from,
    basisPoints,
    amount,
    rounding,
    compareAt,
  };
}

const listsOf = ({ from, into }: PlannedChange): string[] => [from, into].filter((id) => id !== null);

function shownItem(item: Item, currency: string): ChangedPriceDto {
  const money = (amount: string | null) => (amount === null ? null : { amount: Number(amount), currency });
  const { variantId, sku, minQuantity, before, amount, compareAt } = item;
  return {
    variantId,
    sku,
    minQuantity,
    before: money(before),
    price: { amount: Number(amount), currency },
    compareAtPrice: money(compareAt),
  };
}
