import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CategoryDto } from './category.dto.js';
import { Category } from './category.entity.js';

/** The tree of categories. It is small: a shop has hundreds, not millions. */
@Injectable()
export class CategoryRepository {
  constructor(private readonly database: Database) {}

  /** One writer of the tree at a time: moves look at the whole of it. */
  async lockTree(): Promise<void> {
    await this.database.execute('LOCK TABLE catalog.categories IN SHARE ROW EXCLUSIVE MODE');
  }

  all(): Promise<CategoryDto[]> {
    return this.database.query<CategoryDto>(
      `SELECT ${COLUMNS} FROM catalog.categories ORDER BY cardinality(path), position, title, id`,
    );
  }

  find(id: string): Promise<Category | null> {
    return this.database.repository(Category).findOneBy({ id });
  }

  async insert(category: Category): Promise<void> {
    await this.database.repository(Category).insert(category);
  }

  /** The one place that counts the version of a changed category. */
  async save(category: Category): Promise<void> {
    category.version += 1;
    await this.database.repository(Category).save(category);
  }

  /** Everything below a moved category gets the new way from the root; `depth` is how long its own way was before. */
  async moveBranch({ id, path }: Category, depth: number): Promise<void> {
    await this.database.execute(MOVE_BRANCH, [id, depth, path]);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.categories WHERE id = $1', [id]);
  }
}

/**
 * Whoever puts products into categories says so first: a change of the tree then waits for the products and shows
 * them its new names, or they wait for it and read them. Writers of products do not wait for each other.
 */
export const KEEP_TREE = 'LOCK TABLE catalog.categories IN ROW EXCLUSIVE MODE';

const COLUMNS = 'id, handle, title, parent_id AS "parentId", position, version';
const MOVE_BRANCH = `
  UPDATE catalog.categories SET path = $3::uuid[] || path[$2 + 1:] WHERE path @> ARRAY[$1]::uuid[] AND id <> $1`;
