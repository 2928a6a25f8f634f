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
import { catalogProblems } from '../catalog.errors.js';
import { CollectionChanged } from '../catalog.events.js';
import { mediaProblems } from '../media/media.errors.js';
import { MediaRepository } from '../media/media.repository.js';
import {
  type AddCollectionProductDto,
  type AdminCollectionDto,
  type CollectionPreviewDto,
  type CreateCollectionDto,
  MAX_MEMBERS,
  type UpdateCollectionDto,
} from './collection.dto.js';
import { Collection } from './collection.entity.js';
import { collectionProblems } from './collection.errors.js';
import { COUNTED, CollectionRepository } from './collection.repository.js';
import { placesFor } from './manual-order.js';
import { conditionsIn, faultsOfRule, type Rule, withCategoryIds } from './rule.js';

/** Collections as staff make and change them. */
@Injectable()
export class CollectionService {
  constructor(
    private readonly database: Database,
    private readonly collections: CollectionRepository,
    private readonly media: MediaRepository,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  async create(input: CreateCollectionDto, actor: Actor): Promise<AdminCollectionDto> {
    const now = this.clock.now();
    const blank = { description: '', mediaId: null, status: 'draft', rule: null, sort: 'position' };
    const collection = Object.assign(new Collection(), blank, { publishedFrom: null, publishedUntil: null });
    Object.assign(collection, fieldsOf(input), { id: newId(), version: 1, createdAt: now, updatedAt: now });
    collection.check();
    return this.database.transaction(async () => {
      await this.resolve(collection, input);
      await this.unique(() => this.collections.insert(collection));
      return this.done(actor, 'created', collection.id);
    });
  }

  async update(
    id: string,
    input: UpdateCollectionDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminCollectionDto> {
    return this.database.transaction(async () => {
      const collection = await this.locked(id, version);
      Object.assign(collection, fieldsOf(input));
      collection.check();
      await this.resolve(collection, input);
      await this.unique(() => this.collections.save(collection, this.clock.now()));
      return this.done(actor, 'updated', id, { fields: Object.keys(input) });
    });
  }

  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.locked(id, version);
      await this.collections.delete(id);
      this.record(actor, 'deleted', id);
    });
  }

  /** A manual collection holds exactly these products, in this order. */
  async setProducts(
    id: string,
    productIds: string[],
    version: number | null,
    actor: Actor,
  ): Promise<AdminCollectionDto> {
    const wanted = productIds.map((productId) => productId.toLowerCase());
    refuseAt(wanted, (productId, at) => wanted.indexOf(productId) < at, 'duplicate', 'stands twice');
    return this.database.transaction(async () => {
      const collection = await this.lockedManual(id, version);
      const known = await this.collections.knownProducts(wanted);
      const unknown = wanted.flatMap((productId, at) => (known.has(productId) ? [] : [`/productIds/${at}`]));
      if (unknown.length > 0) throw unknownProducts(unknown);
      return this.arrange(collection, wanted, await this.collections.places(id), actor);
    });
  }

  /** Puts a product into a manual collection, at the end or before another one; one that is in moves there. */
  async addProduct(
    id: string,
    { productId, before = null }: AddCollectionProductDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminCollectionDto> {
    return this.database.transaction(async () => {
      const collection = await this.lockedManual(id, version);
      const places = await this.collections.places(id);
      if (!(await this.collections.knownProducts([productId])).has(productId))
        throw unknownProducts(['/productId']);
      if (before !== null && !places.has(before)) throw unknownProducts(['/before']);
      if (before === productId || (before === null && places.has(productId)))
        return this.arrange(collection, [...places.keys()], places, actor);
      // It is the one that moves, not its neighbours.
      places.delete(productId);
      const wanted = [...places.keys()];
      wanted.splice(before === null ? wanted.length : wanted.indexOf(before), 0, productId);
      if (wanted.length > MAX_MEMBERS) throw collectionProblems.collection_full();
      return this.arrange(collection, wanted, places, actor);
    });
  }

  /** Takes a product out of a manual collection. 404 when it is not in. */
  async removeProduct(id: string, productId: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const collection = await this.lockedManual(id, version);
      const places = await this.collections.places(id);
      const wanted = [...places.keys()].filter((member) => member !== productId.toLowerCase());
      if (wanted.length === places.size) throw platformProblems.not_found();
      await this.arrange(collection, wanted, places, actor);
    });
  }

  /** What a rule would hold now, without keeping it. */
  async preview(rule: Rule): Promise<CollectionPreviewDto> {
    const errors = faultsOfRule(rule, '/rule');
    if (errors.length > 0) throw platformProblems.invalid_input('The rule does not go together.', { errors });
    const { count, items } = await this.collections.preview(await this.withIds(rule), this.clock.now());
    return { count: Math.min(count, COUNTED), exact: count <= COUNTED, items };
  }

  private async arrange(
    collection: Collection,
    wanted: string[],
    present: Map<string, number>,
    actor: Actor,
  ): Promise<AdminCollectionDto> {
    await this.collections.place(collection.id, wanted, placesFor(wanted, present));
    await this.collections.save(collection, this.clock.now());
    return this.done(actor, 'updated', collection.id, { fields: ['products'] });
  }

  /** Checks what the collection names elsewhere, and keeps categories by their ids. */
  private async resolve(
    collection: Collection,
    { mediaId, rule }: Pick<UpdateCollectionDto, 'mediaId' | 'rule'>,
  ): Promise<void> {
    if (mediaId && (await this.media.unknown([mediaId])).length > 0)
      throw mediaProblems.unknown_media(undefined, {
        errors: [{ pointer: '/mediaId', code: 'unknown_media', message: 'is not known' }],
      });
    if (rule) collection.rule = await this.withIds(rule);
  }

  private async withIds(rule: Rule): Promise<Rule> {
    const named = conditionsIn(rule, '/rule').flatMap(([{ category = [] }, pointer]) =>
      category.map((name, at) => ({ name: nameOf(name), pointer: `${pointer}/category/${at}` })),
    );
    if (named.length === 0) return rule;
    const found = await this.collections.categories(named.map(({ name }) => name));
    const ids = new Map(found.flatMap(({ id, handle }) => [[handle, id] as const, [id, id] as const]));
    const unknown = named.filter(({ name }) => !ids.has(name));
    if (unknown.length > 0)
      throw catalogProblems.unknown_category(undefined, {
        errors: unknown.map(({ pointer }) => ({
          pointer,
          code: 'unknown_category',
          message: 'is not known',
        })),
      });
    return withCategoryIds(rule, (name) => ids.get(nameOf(name)) ?? name);
  }

  private async locked(id: string, version: number | null): Promise<Collection> {
    const collection = await this.collections.lock(id);
    if (!collection) throw platformProblems.not_found();
    requireVersion(version, collection.version);
    return collection;
  }

  private async lockedManual(id: string, version: number | null): Promise<Collection> {
    const collection = await this.locked(id, version);
    if (collection.kind !== 'manual') throw collectionProblems.collection_has_rule();
    return collection;
  }

  private async unique(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isUniqueViolation(error, 'collections_handle_key')) throw error;
      throw catalogProblems.handle_taken(undefined, {
        errors: [{ pointer: '/handle', code: 'taken', message: 'is taken' }],
      });
    }
  }

  private async done(actor: Actor, what: string, id: string, details?: object): Promise<AdminCollectionDto> {
    this.record(actor, what, id, details);
    const collection = await this.collections.admin(id);
    if (!collection) throw platformProblems.not_found();
    return collection;
  }

  private record(actor: Actor, what: string, id: string, details?: object): void {
    this.audit.record({
      actor,
      action: `catalog.collection.${what}`,
      subjectType: 'collection',
      subjectId: id,
      ...(details && { details }),
    });
    this.outbox.record(new CollectionChanged({ collectionId: id }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

/** Ids of categories are compared as PostgreSQL writes them; handles have no upper case. */
const nameOf = (category: string): string => category.toLowerCase();

/** The fields that were given, moments as moments. */
function fieldsOf({ publishedFrom, publishedUntil, ...fields }: UpdateCollectionDto): object {
  const moment = (name: string, value: string | null | undefined) =>
    value === undefined ? {} : { [name]: value === null ? null : new Date(value) };
  return {
    ...fields,
    ...moment('publishedFrom', publishedFrom),
    ...moment('publishedUntil', publishedUntil),
  };
}

function refuseAt(
  ids: string[],
  faulty: (id: string, at: number) => boolean,
  code: string,
  message: string,
): void {
  const errors: FieldError[] = ids.flatMap((id, at) =>
    faulty(id, at) ? [{ pointer: `/productIds/${at}`, code, message }] : [],
  );
  if (errors.length > 0) throw platformProblems.invalid_input(`A product ${message}.`, { errors });
}

const unknownProducts = (pointers: string[]) =>
  collectionProblems.unknown_product(undefined, {
    errors: pointers.map((pointer) => ({ pointer, code: 'unknown_product', message: 'is not known' })),
  });
