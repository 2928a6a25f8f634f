import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { normalizeEmail } from '../account/sign-in.service.js';
import { GroupService } from '../group/group.service.js';
import { CustomerRegistered } from '../identity.events.js';
import { identityProblems } from '../identity.errors.js';
import { LinkLetters } from '../link/link-letters.service.js';
import { ClosingAccounts } from '../privacy/closing-accounts.service.js';
import { SessionService } from '../session/session.service.js';
import type { CreateCustomerDto, UpdateCustomerDto } from './customer.dto.js';

/** What staff may do to customers. Nobody of them ever sets or sees a password. */
@Injectable()
export class CustomerService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly groups: GroupService,
    private readonly sessions: SessionService,
    private readonly closing: ClosingAccounts,
    private readonly letters: LinkLetters,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** On behalf of somebody, who gets a letter to set a password; answers the id. 409 when the address is taken. */
  async create({ groups = [], ...input }: CreateCustomerDto, actor: Actor): Promise<string> {
    const email = normalizeEmail(input.email);
    const id = newId();
    await this.database.transaction(async () => {
      // No password opens it until the link in the letter has set one.
      const account = Account.open({ id, kind: 'customer', email, passwordHash: null });
      account.describe(input);
      if (!(await this.accounts.insert(account)))
        throw platformProblems.conflict('Somebody has this address.', {
          errors: [{ pointer: '/email', code: 'taken', message: 'is taken' }],
        });
      await this.groups.start(id, groups);
      await this.letters.send('customerInvitation', id, email);
      this.outbox.record(new CustomerRegistered({ customerId: id }));
      this.note('created', id, actor, { groups });
    });
    return id;
  }

  /** What is not given stays. Who is disabled is signed out everywhere, here at once and elsewhere within a second. */
  async change(
    id: string,
    { status, ...profile }: UpdateCustomerDto,
    version: number | null,
    actor: Actor,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.held(id);
      requireVersion(version, account.version);
      // Whoever came in now would have half an account, and lose what he does with it.
      if (status === 'active' && (await this.closing.isBegun(id))) throw identityProblems.erasure_started();
      account.describe(profile);
      if (status === 'disabled') account.disable();
      if (status === 'active') account.enable();
      await this.accounts.save(account);
      if (!account.isActive) await this.sessions.revokeAllOf(id, 'disabled');
      this.note('updated', id, actor, { fields: Object.keys(profile), status: account.status });
    });
  }

  /** Mails the link and tells nobody else. */
  async sendPasswordReset(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.held(id);
      if (!account.isActive) throw identityProblems.account_disabled();
      await this.letters.send('reset', id, account.email);
      this.note('password_reset_sent', id, actor);
    });
  }

  /** 404 when the customer has no such live session. */
  async endSession(id: string, sessionId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.held(id);
      if (!(await this.sessions.revokeOwn(sessionId, id))) throw platformProblems.not_found();
      this.note('session_ended', id, actor, { sessionId });
    });
  }

  async endSessions(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.held(id);
      await this.sessions.revokeAllOf(id, 'by_staff');
      this.note('sessions_ended', id, actor);
    });
  }

  private async held(id: string): Promise<Account> {
    const account = await this.accounts.lock(id);
    if (account?.kind !== 'customer') throw platformProblems.not_found();
    return account;
  }

  private note(what: string, subjectId: string, actor: Actor, details?: object): void {
    this.audit.record({
      actor,
      action: `identity.customer.${what}`,
      subjectType: 'account',
      subjectId,
      ...(details && { details }),
    });
  }
}
