import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit.js';
import { Seldom } from '../audit/seldom.js';
import { Database } from '../database/database.js';
import { type Actor, actorId } from './actor.js';

const MINUTE = 60_000;

/** Who wanted what it may not do (ASVS 16.3.2): once a minute for each and each permission. */
@Injectable()
export class Denials {
  private readonly seldom = new Seldom(MINUTE);

  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  async note(actor: Actor, permissions: string[]): Promise<void> {
    const id = actorId(actor) ?? '';
    if (!this.seldom.admits(`${id} ${permissions.join(' ')}`)) return;
    await this.database.transaction(() => {
      this.audit.record({
        actor,
        action: 'platform.access.denied',
        subjectType: 'permission',
        subjectId: permissions.join(' ').slice(0, 300),
      });
      return Promise.resolve();
    });
  }
}
