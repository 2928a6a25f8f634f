import { Injectable } from '@nestjs/common';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyService } from '../api-key/api-key.service.js';
import { identityProblems } from '../identity.errors.js';
import { ADMINISTRATOR, RoleRepository } from '../role/role.repository.js';
import { RoleService } from '../role/role.service.js';
import { SessionService } from '../session/session.service.js';
import type { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import { AccountService } from './account.service.js';
import type { StaffChangeDto } from './staff.dto.js';

/** What becomes of staff after they were invited. */
@Injectable()
export class StaffChangeService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly people: AccountService,
    private readonly members: RoleRepository,
    private readonly roles: RoleService,
    private readonly sessions: SessionService,
    private readonly keys: ApiKeyService,
    private readonly audit: Audit,
  ) {}

  /**
   * Other roles, disabled (which ends sessions and API keys) or enabled; at once in this process, within a second in the others. Nobody changes himself or
   * somebody who may do more than he, and somebody who can do everything is always left.
   */
  async change(id: string, input: StaffChangeDto, version: number | null, actor: PersonActor): Promise<void> {
    if (id === actor.id) throw identityProblems.not_yourself();
    await this.database.transaction(async () => {
      // First of all, so that two who would remove each other come one after the other.
      await this.members.lockAdministrators();
      const account = await this.held(id);
      requireVersion(version, account.version);
      const before = await this.members.of(id);
      const after = input.roles ?? before;
      await this.roles.requireGrantable(before, actor);
      await this.roles.requireGrantable(after, actor);
      if (input.status === 'disabled') account.disable();
      if (input.status === 'active') account.enable();
      if (before.includes(ADMINISTRATOR) && !(account.isActive && after.includes(ADMINISTRATOR)))
        if (!(await this.members.hasOtherAdministrator(id))) throw identityProblems.last_administrator();
      await this.accounts.save(account);
      await this.members.give(id, after);
      if (!account.isActive) {
        await this.sessions.revokeAllOf(id, 'disabled');
        await this.keys.revokeAllOf(id, actor);
      }
      await this.roles.forget();
      this.note('changed', id, actor, { before, after, status: account.status });
    });
  }

  /** 404 when there is no such live session of that person. */
  async endSession(id: string, sessionId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.subordinate(id, actor);
      if (!(await this.sessions.revokeOwn(sessionId, account.id))) throw platformProblems.not_found();
      this.note('session_ended', id, actor, { sessionId });
    });
  }

  async endSessions(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.subordinate(id, actor);
      await this.sessions.revokeAllOf(account.id, 'by_staff');
      this.note('sessions_ended', id, actor);
    });
  }

  /** The link that was mailed before ends. */
  async inviteAgain(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.invited(id, actor);
      await this.people.invite(id, account.email);
      this.note('invited_again', id, actor);
    });
  }

  /** Nobody has signed in with the account yet, so nothing is lost with it, and its address is free. */
  async withdrawInvitation(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.invited(id, actor);
      await this.accounts.delete(id);
      this.note('invitation_withdrawn', id, actor);
    });
  }

  private async invited(id: string, actor: Actor): Promise<Account> {
    const account = await this.subordinate(id, actor);
    if (account.isVerified || !account.isActive) throw identityProblems.not_invited();
    return account;
  }

  /**
   * Nobody of the staff keeps somebody out who may do more than he. Roles are held before accounts, as everywhere, or two
   * could wait for each other.
   */
  private async subordinate(id: string, actor: Actor): Promise<Account> {
    await this.roles.requireGrantable(await this.members.of(id), actor);
    return this.held(id);
  }

  private async held(id: string): Promise<Account> {
    const account = await this.accounts.lock(id);
    if (account?.kind !== 'staff') throw platformProblems.not_found();
    return account;
  }

  private note(what: string, subjectId: string, actor: Actor, details?: object): void {
    this.audit.record({
      actor,
      action: `identity.staff.${what}`,
      subjectType: 'account',
      subjectId,
      ...(details && { details }),
    });
  }
}
