import { randomBytes } from 'node:crypto';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { BadSetting } from '../../platform/setting.js';
import { type BannerPart, FirstStart, type FirstStartStep } from '../../platform/start/first-start.js';
import { PasswordHasher } from '../password/password.hasher.service.js';
import { PasswordService } from '../password/password.service.js';
import { ADMINISTRATOR, RoleRepository } from '../role/role.repository.js';
import { RoleService } from '../role/role.service.js';
import { SessionDto } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import { Account } from './account.entity.js';
import { AccountRepository, type AccountView, viewOf } from './account.repository.js';
import { AccountService } from './account.service.js';
import type { StaffDto } from './admin-account.controller.js';
import { normalizeEmail } from './sign-in.service.js';

/** Accounts of staff, the first one included. */
@FirstStart()
export class StaffService implements FirstStartStep {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly people: AccountService,
    private readonly members: RoleRepository,
    private readonly roles: RoleService,
    private readonly liveSessions: SessionService,
    private readonly hasher: PasswordHasher,
    private readonly passwords: PasswordService,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /**
   * Makes the first administrator, from ADMIN_EMAIL and ADMIN_PASSWORD or with a password that is shown once. Throws
   * `BadSetting` for an ADMIN_PASSWORD that nobody else could choose either.
   */
  async run(): Promise<BannerPart | null> {
    if (await this.accounts.hasStaff()) return null;
    const { adminEmail, adminPassword, production } = this.config;
    const email = normalizeEmail(adminEmail ?? 'admin@localhost.test');
    const fault = adminPassword === null ? null : await this.passwords.faultOf(adminPassword, [email]);
    if (fault)
      throw new BadSetting('ADMIN_PASSWORD', `it ${fault.message}; four random words are a good password`);
    const password = adminPassword ?? randomBytes(12).toString('base64url');
    const passwordHash = await this.hasher.hash(password);
    const made = await this.database.transaction(async () => {
      await this.accounts.lockAll();
      if (await this.accounts.hasStaff()) return false;
      const id = newId();
      const mustChangePassword = production && adminPassword === null;
      const emailVerifiedAt = realNow();
      await this.accounts.insert(
        Account.open({ id, kind: 'staff', email, passwordHash, emailVerifiedAt, mustChangePassword }),
      );
      await this.members.give(id, [ADMINISTRATOR]);
      return true;
    });
    if (!made || adminPassword !== null) return null;
    return { administrator: { email, password, mustChangePassword: production } };
  }

  async create(
    input: { email: string; roles: string[]; firstName?: string | null; lastName?: string | null },
    actor: Actor,
  ): Promise<StaffDto> {
    const email = normalizeEmail(input.email);
    const id = newId();
    await this.database.transaction(async () => {
      const { firstName = null, lastName = null, roles } = input;
      await this.roles.requireGrantable(roles, actor);
      const names = { firstName, lastName };
      const made = await this.accounts.insert(
        // No password opens it until the link in the mail has set one.
        Account.open({ id, kind: 'staff', email, passwordHash: null, ...names, mustChangePassword: true }),
      );
      if (!made)
        throw platformProblems.conflict('Somebody has this address.', {
          errors: [{ pointer: '/email', code: 'taken', message: 'is taken' }],
        });
      await this.members.give(id, roles);
      await this.people.invite(id, email);
      this.audit.record({
        actor,
        action: 'identity.staff.created',
        subjectType: 'account',
        subjectId: id,
        details: { roles },
      });
    });
    const { version: _version, ...member } = await this.get(id);
    return member;
  }

  /** With the version that changes count. */
  async get(id: string): Promise<StaffDto & { version: number }> {
    const view = await this.accounts.view(id);
    if (view?.kind !== 'staff') throw platformProblems.not_found();
    return { ...shown(view), version: view.version };
  }

  /** Where somebody of the staff is signed in; `current` is the session of the request itself. */
  async sessions(id: string, actor: Actor): Promise<SessionDto[]> {
    await this.get(id);
    const current = actor.kind === 'person' ? actor.sessionId : null;
    return (await this.liveSessions.list(id)).map((row) => SessionDto.from(row, current));
  }

  /** Who was erased has a place in the list and nothing to show. */
  async staff(
    email: string | null,
    after: string | null,
    limit: number,
  ): Promise<{ id: string; member: StaffDto | null }[]> {
    const found = await this.accounts.list('staff', email && normalizeEmail(email), after, limit);
    return found.map((each) => {
      const view = viewOf(each);
      return { id: each.row.id, member: view && shown(view) };
    });
  }
}

function shown({ version: _version, kind: _kind, createdAt, ...view }: AccountView): StaffDto {
  return { ...view, createdAt: createdAt.toISOString() };
}
