import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { faultsOfRule, type Rule } from './rule.js';

export type CollectionKind = 'manual' | 'rule';

/** Products that belong together for a shopper: picked one by one and put into order, or told by a rule. */
@Entity({ schema: 'catalog', name: 'collections' })
export class Collection {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  handle: string;

  @Column('text')
  title: string;

  @Column('text')
  description: string;

  @Column({ type: 'uuid', name: 'media_id', nullable: true })
  mediaId: string | null;

  @Column('text')
  kind: CollectionKind;

  @Column('text')
  status: 'draft' | 'published';

  @Column({ type: 'timestamptz', name: 'published_from', nullable: true })
  publishedFrom: Date | null;

  @Column({ type: 'timestamptz', name: 'published_until', nullable: true })
  publishedUntil: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  rule: Rule | null;

  @Column('text')
  sort: string;

  @Column('int')
  version: number;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  /** Refuses what does not go together: a rule of a manual one, none of the other kind, a window that ends before it begins. */
  check(): void {
    const errors: FieldError[] = [];
    if (this.kind === 'manual' && this.rule)
      errors.push({
        pointer: '/rule',
        code: 'not_allowed',
        message: 'is only for a collection of kind rule',
      });
    if (this.kind === 'rule' && !this.rule)
      errors.push({ pointer: '/rule', code: 'required', message: 'is required' });
    if (this.rule) errors.push(...faultsOfRule(this.rule, '/rule'));
    if (this.publishedFrom && this.publishedUntil && this.publishedUntil <= this.publishedFrom)
      errors.push({ pointer: '/publishedUntil', code: 'too_early', message: 'must be after publishedFrom' });
    if (errors.length > 0)
      throw platformProblems.invalid_input('The collection does not go together.', { errors });
  }
}
