import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { PriceListChanged } from '../catalog.events.js';
import type { CreatePriceListDto, PriceListDto, UpdatePriceListDto } from './price-list.dto.js';
import { type PriceList, type PriceListFilter, PriceListRepository } from './price-list.repository.js';

/**
 * Lists of prices for some customers, some quantities or some time. A change of a list is one row and holds at once for all
 * that it prices; its window is asked of the clock by whoever reads a price.
 */
@Injectable()
export class PriceListService {
  constructor(
    private readonly database: Database,
    private readonly lists: PriceListRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** The newest first. */
  async list(filter: PriceListFilter, after: string | null, limit: number): Promise<PriceListDto[]> {
    return (await this.lists.list(filter, after, limit)).map(shown);
  }

  /** Archived ones too: the ledger names them. */
  async get(id: string): Promise<PriceListDto> {
    const list = await this.lists.find(id);
    if (!list) throw platformProblems.not_found();
    return shown(list);
  }

  /** 409 when the code is taken, by an archived list too. */
  create(input: CreatePriceListDto, actor: Actor): Promise<PriceListDto> {
    const { code, title, currency, groups = null, priority = 0, status = 'draft' } = input;
    const list: PriceList = {
      id: newId(),
      code,
      title,
      currency,
      groups,
      validFrom: momentOf(input.validFrom),
      validUntil: momentOf(input.validUntil),
      priority,
      status,
      version: 1,
      createdAt: this.clock.now(),
    };
    requireWindow(list);
    return this.database.transaction(async () => {
      if (!(await this.lists.insert(list)))
        throw platformProblems.conflict('There is a price list of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      return this.finish(list, 'created', actor);
    });
  }

  update(id: string, input: UpdatePriceListDto, version: number | null, actor: Actor): Promise<PriceListDto> {
    return this.change(id, version, actor, 'updated', (list) => ({
      ...list,
      ...input,
      validFrom: input.validFrom === undefined ? list.validFrom : momentOf(input.validFrom),
      validUntil: input.validUntil === undefined ? list.validUntil : momentOf(input.validUntil),
    }));
  }

  /** It has no say any more; what it said stays in the ledger. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'archived', (list) => ({ ...list, status: 'archived' }));
  }

  private change(
    id: string,
    version: number | null,
    actor: Actor,
    what: string,
    next: (list: PriceList) => PriceList,
  ): Promise<PriceListDto> {
    return this.database.transaction(async () => {
      const list = await this.lists.lock(id);
      if (!list) throw platformProblems.not_found();
      requireVersion(version, list.version);
      const changed = next(list);
      requireWindow(changed);
      await this.lists.update(changed);
      return this.finish(changed, what, actor);
    });
  }

  private async finish(list: PriceList, what: string, actor: Actor): Promise<PriceListDto> {
    const { id, code, groups, priority, status } = list;
    await this.lists.appendTerms(list, this.clock.now(), personId(actor) ?? actor.kind);
    this.outbox.record(new PriceListChanged({ priceListId: id }));
    const { validFrom, validUntil } = shown(list);
    this.audit.record({
      actor,
      action: `catalog.price_list.${what}`,
      subjectType: 'price_list',
      subjectId: id,
      details: { code, groups, validFrom, validUntil, priority, status },
    });
    this.database.afterCommit(() => this.pages.dropAll());
    return this.get(id);
  }
}

const momentOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

function requireWindow({ validFrom, validUntil }: PriceList): void {
  if (validFrom === null || validUntil === null || validFrom < validUntil) return;
  throw platformProblems.invalid_input('The list would end before it begins.', {
    errors: [{ pointer: '/validUntil', code: 'too_early', message: 'must be after validFrom' }],
  });
}

const shown = ({ validFrom, validUntil, createdAt, ...list }: PriceList): PriceListDto => ({
  ...list,
  validFrom: validFrom?.toISOString() ?? null,
  validUntil: validUntil?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
});
