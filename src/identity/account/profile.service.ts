import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { SessionView } from '../session/session.repository.js';
import { SessionService } from '../session/session.service.js';
import { AccountRepository, type AccountView } from './account.repository.js';
import type { MeDto, SessionDto, UpdateMeDto } from './me.controller.js';

type Me = MeDto & { version: number };

/** What people may see and change of their own account. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly sessionsOf: SessionService,
    private readonly audit: Audit,
  ) {}

  async get(id: string): Promise<Me> {
    const account = await this.accounts.view(id);
    if (!account) throw platformProblems.not_found();
    return shown(account);
  }

  async update(actor: PersonActor, input: UpdateMeDto, version: number | null): Promise<Me> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lock(actor.id);
      if (!account) throw platformProblems.not_found();
      requireVersion(version, account.version);
      account.rename(input);
      await this.accounts.save(account);
      this.audit.record({
        actor,
        action: 'identity.account.updated',
        subjectType: 'account',
        subjectId: actor.id,
        details: { fields: Object.keys(input) },
      });
      return this.get(actor.id);
    });
  }

  async sessions(actor: PersonActor): Promise<SessionDto[]> {
    return (await this.sessionsOf.list(actor.id)).map((row) => shownSession(row, actor.sessionId));
  }

  async revoke(actor: PersonActor, id: string): Promise<void> {
    if (!(await this.sessionsOf.revokeOwn(id, actor.id))) throw platformProblems.not_found();
  }
}

/** As it is told to its owner and to staff; `current` is the session of the request. */
export function shownSession(
  { createdAt, lastSeenAt, ...row }: SessionView,
  current: string | null,
): SessionDto {
  return {
    ...row,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    current: row.id === current,
  };
}

function shown({ id, email, emailVerified, firstName, lastName, createdAt, version }: AccountView): Me {
  return { id, email, emailVerified, firstName, lastName, createdAt: createdAt.toISOString(), version };
}
