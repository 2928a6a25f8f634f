import { Column, Entity, PrimaryColumn } from 'typeorm';
import { catalogProblems } from '../catalog.errors.js';

type NewCategory = Pick<Category, 'id' | 'handle' | 'title' | 'position'> &
  Partial<Pick<Category, 'description' | 'mediaId' | 'seoTitle' | 'seoDescription'>>;

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

  @Column('text')
  description: string;

  @Column({ type: 'uuid', name: 'media_id', nullable: true })
  mediaId: string | null;

  @Column({ type: 'text', name: 'seo_title', nullable: true })
  seoTitle: string | null;

  @Column({ type: 'text', name: 'seo_description', nullable: true })
  seoDescription: string | null;

  @Column('int')
  version: number;

  static under(parent: Category | null, input: NewCategory): Category {
    const blank = { description: '', mediaId: null, seoTitle: null, seoDescription: null };
    const category = Object.assign(new Category(), { ...blank, ...input, version: 1 });
    category.moveUnder(parent);
    return category;
  }

  /** Null makes it a root. Nothing can stand below itself: that would cut the branch off the tree. */
  moveUnder(parent: Category | null): void {
    this.refuseBelow(parent, '/parentId');
    this.parentId = parent?.id ?? null;
    this.path = [...(parent?.path ?? []), this.id];
  }

  /** Refuses a place that is the category itself or below it; `pointer` says where it was asked for. */
  refuseBelow(place: Category | null, pointer: string): void {
    if (place?.path.includes(this.id))
      throw catalogProblems.category_cycle(undefined, {
        errors: [{ pointer, code: 'cycle', message: 'stands below the category itself' }],
      });
  }
}
