import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Location } from './location.entity.js';

@Injectable()
export class LocationRepository {
  constructor(private readonly database: Database) {}

  lock(id: string): Promise<Location | null> {
    return this.database.repository(Location).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** The first to be asked first. */
  all(): Promise<Location[]> {
    return this.database.repository(Location).find({ order: { priority: 'ASC', code: 'ASC' } });
  }

  /** The one place that counts the version of a changed location. */
  async save(location: Location): Promise<void> {
    location.version += 1;
    await this.database.repository(Location).save(location);
  }

  async add(location: Location): Promise<void> {
    await this.database.repository(Location).insert(location);
  }
}
