import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { SearchRulesChanged } from '../catalog.events.js';
import { collectionProblems } from '../collection/collection.errors.js';
import { CollectionRepository } from '../collection/collection.repository.js';
import type { CreateSearchPinDto, SearchPinDto, UpdateSearchPinDto } from './search-pin.dto.js';
import { type SearchPin, SearchPinRepository } from './search-pin.repository.js';

/** Products that come first, or not at all, when a query is searched for, as staff say. */
@Injectable()
export class SearchPinService {
  constructor(
    private readonly database: Database,
    private readonly pins: SearchPinRepository,
    private readonly products: CollectionRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** The newest first. */
  async list(after: string | null, limit: number): Promise<SearchPinDto[]> {
    return (await this.pins.list(after, limit)).map(shown);
  }

  async get(id: string): Promise<SearchPinDto> {
    const pin = await this.pins.find(id);
    if (!pin) throw platformProblems.not_found();
    return shown(pin);
  }

  /** 409 when the query has pins of its own already. */
  create(input: CreateSearchPinDto, actor: Actor): Promise<SearchPinDto> {
    const { query, productIds, hiddenIds = [], startsAt, endsAt } = input;
    const now = this.clock.now();
    const pin: SearchPin = {
      ...{ id: newId(), query, productIds, hiddenIds, version: 1, createdAt: now, updatedAt: now },
      ...{ startsAt: momentOf(startsAt), endsAt: momentOf(endsAt) },
    };
    return this.database.transaction(async () => {
      await this.requireKnown(productIds, hiddenIds);
      return this.save(pin, 'created', actor);
    });
  }

  update(id: string, input: UpdateSearchPinDto, version: number | null, actor: Actor): Promise<SearchPinDto> {
    return this.database.transaction(async () => {
      const pin = await this.locked(id, version);
      const changed: SearchPin = {
        ...pin,
        ...input,
        startsAt: input.startsAt === undefined ? pin.startsAt : momentOf(input.startsAt),
        endsAt: input.endsAt === undefined ? pin.endsAt : momentOf(input.endsAt),
        version: pin.version + 1,
        updatedAt: this.clock.now(),
      };
      await this.requireKnown(input.productIds ?? [], input.hiddenIds ?? []);
      return this.save(changed, 'updated', actor);
    });
  }

  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const pin = await this.locked(id, version);
      await this.pins.delete(id);
      this.record(pin, 'deleted', actor);
    });
  }

  private async locked(id: string, version: number | null): Promise<SearchPin> {
    const pin = await this.pins.lock(id);
    if (!pin) throw platformProblems.not_found();
    requireVersion(version, pin.version);
    return pin;
  }

  private async save(pin: SearchPin, what: string, actor: Actor): Promise<SearchPinDto> {
    pin.productIds = pin.productIds.map((id) => id.toLowerCase());
    pin.hiddenIds = pin.hiddenIds.map((id) => id.toLowerCase());
    const key = await this.pins.keyOf(pin.query);
    const errors = faultsOf(pin, key);
    if (errors.length > 0) throw platformProblems.invalid_input('The pins do not go together.', { errors });
    try {
      await this.pins.save(pin, key ?? '');
    } catch (error) {
      if (!isUniqueViolation(error, 'search_pins_query_key')) throw error;
      throw platformProblems.conflict('The query has pins already.', {
        errors: [{ pointer: '/query', code: 'taken', message: 'is taken' }],
      });
    }
    this.record(pin, what, actor);
    return shown(pin);
  }

  private async requireKnown(productIds: string[], hiddenIds: string[]): Promise<void> {
    const known = await this.products.knownProducts([...productIds, ...hiddenIds]);
    const unknown = (field: string, ids: string[]) =>
      ids.flatMap((id, at) =>
        known.has(id.toLowerCase())
          ? []
          : [{ pointer: `/${field}/${at}`, code: 'unknown_product', message: 'is not known' }],
      );
    const errors = [...unknown('productIds', productIds), ...unknown('hiddenIds', hiddenIds)];
    if (errors.length > 0) throw collectionProblems.unknown_product(undefined, { errors });
  }

  private record({ id, query, productIds, hiddenIds }: SearchPin, what: string, actor: Actor): void {
    this.audit.record({
      actor,
      action: `catalog.search_pin.${what}`,
      subjectType: 'search_pin',
      subjectId: id,
      details: { query, productIds, hiddenIds },
    });
    this.outbox.record(new SearchRulesChanged({ id }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

const momentOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

function faultsOf(
  { query, productIds, hiddenIds, startsAt, endsAt }: SearchPin,
  key: string | null,
): FieldError[] {
  const errors: FieldError[] = [];
  if (key === null)
    errors.push({ pointer: '/query', code: 'no_word', message: 'must have a word that a search looks at' });
  if (/"|(^|\s)-/.test(query))
    errors.push({ pointer: '/query', code: 'not_plain', message: 'must be words without quotes and signs' });
  const twice = (field: string, ids: string[], others: string[]) =>
    ids.forEach((id, at) => {
      if (ids.indexOf(id) === at && !others.includes(id)) return;
      errors.push({ pointer: `/${field}/${at}`, code: 'duplicate', message: 'stands twice' });
    });
  twice('productIds', productIds, []);
  twice('hiddenIds', hiddenIds, productIds);
  if (productIds.length + hiddenIds.length === 0)
    errors.push({
      pointer: '/productIds',
      code: 'too_few',
      message: 'must name a product when none is hidden',
    });
  if (startsAt && endsAt && endsAt <= startsAt)
    errors.push({ pointer: '/endsAt', code: 'too_early', message: 'must be after startsAt' });
  return errors;
}

const shown = ({ startsAt, endsAt, createdAt, updatedAt, ...pin }: SearchPin): SearchPinDto => ({
  ...pin,
  startsAt: startsAt?.toISOString() ?? null,
  endsAt: endsAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
