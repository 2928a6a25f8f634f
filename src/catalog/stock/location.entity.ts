import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A place where stock lies. */
@Entity({ schema: 'catalog', name: 'locations' })
export class Location {
  @PrimaryColumn('uuid')
  id: string;

  /** What imports and movements name it by; it never changes. */
  @Column({ type: 'text', update: false })
  code: string;

  @Column('text')
  name: string;

  /** The lowest is asked first. */
  @Column('int')
  priority: number;

  @Column('int')
  version: number;

  static at(input: Pick<Location, 'id' | 'code' | 'name' | 'priority'>): Location {
    return Object.assign(new Location(), input, { version: 1 });
  }

  /** What is not given stays. */
  change({ name, priority }: { name?: string; priority?: number }): void {
    this.name = name ?? this.name;
    this.priority = priority ?? this.priority;
  }
}
