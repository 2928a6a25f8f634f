import { Column, Entity, PrimaryColumn } from 'typeorm';
import { catalogProblems } from '../catalog.errors.js';

type NewCategory = Pick<Category, 'id' | 'handle' | 'title' | 'position'>;

/** A place in the tree of categories. */
@Entity({ schema: 'catalog', name: 'categories' })
export class Category {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  handle: string;

  @Column('text')
  title: string;

  @Column({ type: 'uuid', name: 'parent_id', nullable: true })
  parentId: string | null;

  /** Every ancestor from the root, itself last. */
  @Column({ type: 'uuid', array: true })
  path: string[];

  @Column('int')
  position: number;

  @Column('int')
  version: number;

  static under(parent: Category | null, input: NewCategory): Category {
    const category = Object.assign(new Category(), { ...input, version: 1 });
    category.moveUnder(parent);
    return category;
  }

  /** Null makes it a root. Nothing can stand below itself: that would cut the branch off the tree. */
  moveUnder(parent: Category | null): void {
    if (parent?.path.includes(this.id)) {
      throw catalogProblems.category_cycle(undefined, {
        errors: [{ pointer: '/parentId', code: 'cycle', message: 'stands below the category itself' }],
      });
    }
    this.parentId = parent?.id ?? null;
    this.path = [...(parent?.path ?? []), this.id];
  }
}
