import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Location } from './location.entity.js';
import { LocationRepository } from './location.repository.js';

/** The places where stock lies. */
@Injectable()
export class LocationService {
  constructor(
    private readonly database: Database,
    private readonly locations: LocationRepository,
    private readonly audit: Audit,
  ) {}

  /** The first to be asked first. */
  all(): Promise<Location[]> {
    return this.locations.all();
  }

  async add(input: { code: string; name: string; priority: number }, actor: Actor): Promise<{ id: string }> {
    const id = newId();
    await this.database.transaction(async () => {
      try {
        await this.locations.add(Location.at({ id, ...input }));
      } catch (error) {
        if (!isUniqueViolation(error, 'locations_code_key')) throw error;
        throw platformProblems.conflict(`The location ${input.code} exists already.`, {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      }
      this.audit.record({
        actor,
        action: 'catalog.location.created',
        subjectType: 'location',
        subjectId: id,
      });
    });
    return { id };
  }

  /** Another name or another place in the order in which locations are asked. */
  async update(
    id: string,
    input: { name?: string; priority?: number },
    version: number | null,
    actor: Actor,
  ): Promise<Location> {
    return this.database.transaction(async () => {
      const location = await this.locations.lock(id);
      if (!location) throw platformProblems.not_found();
      requireVersion(version, location.version);
      location.change(input);
      await this.locations.save(location);
      this.audit.record({
        actor,
        action: 'catalog.location.updated',
        subjectType: 'location',
        subjectId: id,
        details: { fields: Object.keys(input) },
      });
      return location;
    });
  }
}
