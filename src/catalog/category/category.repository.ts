import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CategoryDto } from './category.dto.js';

export interface CategoryRow extends CategoryDto {
  path: string[];
}

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

  async find(id: string): Promise<CategoryRow | null> {
    const [row] = await this.database.query<CategoryRow>(
      `SELECT ${COLUMNS}, path FROM catalog.categories WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  async insert({ id, handle, title, parentId, position, path }: CategoryRow): Promise<void> {
    await this.database.execute(INSERT, [id, handle, title, parentId, position, path]);
  }

  async update({ id, handle, title, parentId, position }: CategoryDto): Promise<void> {
    await this.database.execute(UPDATE, [id, handle, title, parentId, position]);
  }

  /** Everything at and below `id` gets the new way from the root. */
  async move(id: string, oldPath: string[], newPath: string[]): Promise<void> {
    await this.database.execute(MOVE, [id, oldPath.length, newPath]);
  }

  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.categories WHERE id = $1', [id]);
  }
}

const COLUMNS = 'id, handle, title, parent_id AS "parentId", position, version';
const INSERT = `
  INSERT INTO catalog.categories (id, handle, title, parent_id, position, path) VALUES ($1, $2, $3, $4, $5, $6)`;
const UPDATE = `
  UPDATE catalog.categories SET handle = $2, title = $3, parent_id = $4, position = $5, version = version + 1 WHERE id = $1`;
const MOVE = `
  UPDATE catalog.categories SET path = $3::uuid[] || path[$2 + 1:] WHERE path @> ARRAY[$1]::uuid[]`;
