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
import { SearchIndex } from '../search/search-index.service.js';
import type { CategoryDto, CreateCategoryDto, UpdateCategoryDto } from './category.dto.js';
import { Category } from './category.entity.js';
import { CategoryRepository } from './category.repository.js';

@Injectable()
export class CategoryService {
  constructor(
    private readonly database: Database,
    private readonly categories: CategoryRepository,
    private readonly searchIndex: SearchIndex,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  all(): Promise<CategoryDto[]> {
    return this.categories.all();
  }

  async find(key: string): Promise<CategoryDto> {
    const found = (await this.categories.all()).find(({ id, handle }) => id === key || handle === key);
    if (!found) throw platformProblems.not_found();
    return found;
  }

  async create(
    { handle, title, parentId = null, position = 0 }: CreateCategoryDto,
    actor: Actor,
  ): Promise<CategoryDto> {
    const id = newId();
    return this.write(actor, 'created', id, async () => {
      const parent = await this.parent(parentId);
      const category = Category.under(parent, { id, handle, title, position });
      await this.categories.insert(category);
      return category;
    });
  }

  async update(
    id: string,
    input: UpdateCategoryDto,
    version: number | null,
    actor: Actor,
  ): Promise<CategoryDto> {
    return this.write(actor, 'updated', id, async () => {
      const category = await this.categories.find(id);
      if (!category) throw platformProblems.not_found();
      requireVersion(version, category.version);
      const { title, handle, path } = category;
      const { parentId = category.parentId, ...rest } = input;
      Object.assign(category, rest);
      const moves = parentId !== category.parentId;
      if (moves) category.moveUnder(await this.parent(parentId));
      await this.categories.save(category);
      if (moves) await this.categories.moveBranch(category, path.length);
      if (moves || category.title !== title || category.handle !== handle)
        await this.searchIndex.refreshCategory(id);
      return category;
    });
  }

  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.categories.lockTree();
      const category = await this.categories.find(id);
      if (!category) throw platformProblems.not_found();
      requireVersion(version, category.version);
      try {
        await this.categories.delete(id);
      } catch (error) {
        if (isForeignKeyViolation(error)) throw catalogProblems.category_in_use();
        throw error;
      }
      this.done(actor, 'deleted', id);
    });
  }

  private async parent(id: string | null): Promise<Category | null> {
    if (id === null) return null;
    const parent = await this.categories.find(id);
    if (parent) return parent;
    throw catalogProblems.unknown_category('The parent does not exist.', {
      errors: [{ pointer: '/parentId', code: 'unknown_category', message: 'is not known' }],
    });
  }

  private write(actor: Actor, what: string, id: string, work: () => Promise<Category>): Promise<CategoryDto> {
    return this.database.transaction(async () => {
      await this.categories.lockTree();
      let category: Category;
      try {
        category = await work();
      } catch (error) {
        if (!isUniqueViolation(error, 'categories_handle_key')) throw error;
        throw catalogProblems.handle_taken(undefined, {
          errors: [{ pointer: '/handle', code: 'taken', message: 'is taken' }],
        });
      }
      this.done(actor, what, id);
      return shown(category);
    });
  }

  private done(actor: Actor, what: string, id: string): void {
    this.audit.record({ actor, action: `catalog.category.${what}`, subjectType: 'category', subjectId: id });
    this.outbox.record(new CategoryChanged({ categoryId: id }));
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

function shown({ id, handle, title, parentId, position, version }: Category): CategoryDto {
  return { id, handle, title, parentId, position, version };
}
