import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PresentPassword } from '../password/present-password.service.js';
import { type AccessToken, SessionService } from './session.service.js';

/** Proving once more who one is, in a session that goes on: what sensitive operations ask for. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly database: Database,
    private readonly passwords: PresentPassword,
    private readonly sessions: SessionService,
    private readonly audit: Audit,
  ) {}

  /** An access token whose proof is of now. */
  async byPassword(actor: PersonActor, password: string): Promise<AccessToken> {
    await this.passwords.check(actor.id, password);
    return this.prove(actor, ['pwd']);
  }

  private prove(actor: PersonActor, methods: string[]): Promise<AccessToken> {
    return this.database.transaction(async () => {
      const token = await this.sessions.prove(actor.sessionId, methods);
      if (token === null) throw platformProblems.unauthorized();
      this.audit.record({
        actor,
        action: 'identity.session.stepped_up',
        subjectType: 'account',
        subjectId: actor.id,
        details: { methods },
      });
      return token;
    });
  }
}
