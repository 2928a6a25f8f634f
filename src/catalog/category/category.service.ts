import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isForeignKeyViolation, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { catalogProblems } from '../catalog.errors.js';
import { CategoryChanged } from '../catalog.events.js';
import { mediaProblems } from '../media/media.errors.js';
import { MediaRepository } from '../media/media.repository.js';
import { keyOf } from '../product/handle.js';
import { SearchIndex } from '../search/search-index.service.js';
import type { CategoryDto, CreateCategoryDto, UpdateCategoryDto } from './category.dto.js';
import { Category } from './category.entity.js';
import { CategoryRepository } from './category.repository.js';

@Injectable()
export class CategoryService {
  constructor(
    private readonly database: Database,
    private readonly categories: CategoryRepository,
    private readonly media: MediaRepository,
    private readonly searchIndex: SearchIndex,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** The tree as JSON text; `parent` is an id or a handle. 404 when there is no such parent. */
  async tree(
    { parent, depth = null }: { parent?: string; depth?: number | null },
    locales: readonly string[],
  ): Promise<string> {
    const body = await this.categories.tree(parent === undefined ? null : keyOf(parent), depth, locales);
    if (body === null) throw platformProblems.not_found('The category `parent` does not exist.');
    return body;
  }

  /** The page of a category as JSON text; `key` is an id or a handle. */
  async page(key: string, locales: readonly string[]): Promise<string> {
    const body = await this.categories.page(keyOf(key), locales);
    if (body === null) throw platformProblems.not_found();
    return body;
  }

  async create(
    { parentId = null, position = 0, ...fields }: CreateCategoryDto,
    actor: Actor,
  ): Promise<CategoryDto> {
    const id = newId();
    return this.write(actor, 'created', id, async () => {
      const parent = await this.parent(parentId);
      await this.refuseUnknownMedia(fields.mediaId);
      await this.categories.insert(Category.under(parent, { id, position, ...fields }));
    });
  }

  async update(
    id: string,
    input: UpdateCategoryDto,
    version: number | null,
    actor: Actor,
  ): Promise<CategoryDto> {
    return this.write(actor, 'updated', id, async () => {
      const category = await this.found(id, version);
      const { title, handle } = category;
      const { parentId = category.parentId, ...rest } = input;
      await this.refuseUnknownMedia(rest.mediaId);
      Object.assign(category, rest);
      const moves = parentId !== category.parentId;
      if (moves) await this.move(category, await this.parent(parentId));
      else await this.categories.save(category);
      if (moves || category.title !== title || category.handle !== handle)
        await this.searchIndex.refreshCategory(id);
    });
  }

  /**
   * Only an empty category goes. With `moveTo` all that stands in it moves there first: its categories with everything
   * below them, and its products.
   */
  async delete(id: string, moveTo: string | null, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.categories.lockTree();
      const category = await this.found(id, version);
      if (moveTo !== null) {
        const target = await this.parent(moveTo, '/moveTo');
        category.refuseBelow(target, '/moveTo');
        for (const child of await this.categories.childrenOf(id)) await this.move(child, target);
        await this.categories.moveProducts(id, moveTo);
      }
      try {
        await this.categories.delete(id);
      } catch (error) {
        if (isForeignKeyViolation(error)) throw catalogProblems.category_in_use();
        throw error;
      }
      if (moveTo !== null) await this.searchIndex.refreshCategory(moveTo);
      this.done(actor, 'deleted', id, moveTo === null ? undefined : { moveTo });
    });
  }

  /** The category moves with everything below it. */
  private async move(category: Category, parent: Category | null): Promise<void> {
    const depth = category.path.length;
    category.moveUnder(parent);
    await this.categories.save(category);
    await this.categories.moveBranch(category, depth);
  }

  private async found(id: string, version: number | null): Promise<Category> {
    const category = await this.categories.find(id);
    if (!category) throw platformProblems.not_found();
    requireVersion(version, category.version);
    return category;
  }

  private async refuseUnknownMedia(mediaId: string | null | undefined): Promise<void> {
    if (!mediaId || (await this.media.unknown([mediaId])).length === 0) return;
    throw mediaProblems.unknown_media(undefined, {
      errors: [{ pointer: '/mediaId', code: 'unknown_media', message: 'is not known' }],
    });
  }

  private async parent(id: string | null, pointer = '/parentId'): Promise<Category | null> {
    if (id === null) return null;
    const parent = await this.categories.find(id);
    if (parent) return parent;
    throw catalogProblems.unknown_category('There is no category of this id.', {
      errors: [{ pointer, code: 'unknown_category', message: 'is not known' }],
    });
  }

  private write(actor: Actor, what: string, id: string, work: () => Promise<void>): Promise<CategoryDto> {
    return this.database.transaction(async () => {
      await this.categories.lockTree();
      try {
        await work();
      } catch (error) {
        if (!isUniqueViolation(error, 'categories_handle_key')) throw error;
        throw catalogProblems.handle_taken(undefined, {
          errors: [{ pointer: '/handle', code: 'taken', message: 'is taken' }],
        });
      }
      this.done(actor, what, id);
      return this.categories.shown(id);
    });
  }

  private done(actor: Actor, what: string, id: string, details?: object): void {
    this.audit.record({
      actor,
      action: `catalog.category.${what}`,
      subjectType: 'category',
      subjectId: id,
      ...(details && { details }),
    });
    this.outbox.record(new CategoryChanged({ categoryId: id }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}
