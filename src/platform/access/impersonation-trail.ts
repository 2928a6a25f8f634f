import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit.js';
import { Database } from '../database/database.js';
import type { PersonActor } from './actor.js';

/** What is changed in somebody's place is noted before it is done, whether or not the deed has an entry of its own. */
@Injectable()
export class ImpersonationTrail {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  /** `operation` as the reference names it, `path` without the query. */
  async note(actor: PersonActor, operation: string, method: string, path: string): Promise<void> {
    await this.database.transaction(() => {
      this.audit.record({
        actor,
        action: 'platform.access.impersonated',
        subjectType: 'operation',
        subjectId: operation,
        details: { method, path },
      });
      return Promise.resolve();
    });
  }
}
