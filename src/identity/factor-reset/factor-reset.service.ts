import { Injectable } from '@nestjs/common';
import { type Actor, may, type PersonActor, system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { ChallengeRepository } from '../factor/challenge.repository.js';
import { FactorRepository } from '../factor/factor.repository.js';
import { identityProblems } from '../identity.errors.js';
import { SessionService } from '../session/session.service.js';
import type { FactorResetDto } from './factor-reset.dto.js';
import { factorResetAskedMail, factorResetDoneMail } from './factor-reset.mails.js';
import { type FactorReset, FactorResetRepository } from './factor-reset.repository.js';

/** Ways to sign in that are no second factor. */
const FIRST_METHODS: readonly string[] = ['pwd', 'fed'];

/**
 * Losing every second factor. Whoever persuades the support is not in yet: a customer's factors go after three days, in
 * which the owner is told and can stop it. One of the staff asks an administrator, who knows him.
 */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly database: Database,
    private readonly resets: FactorResetRepository,
    private readonly accounts: AccountRepository,
    private readonly factors: FactorRepository,
    private readonly challenges: ChallengeRepository,
    private readonly sessions: SessionService,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** Starts the three days of a customer. 409 when there is no second factor, or they run already. */
  ask(id: string, reason: string, actor: PersonActor): Promise<FactorResetDto> {
    return this.database.transaction(async () => {
      const account = await this.held(id, 'customer');
      if (!account.isActive) throw identityProblems.account_disabled();
      await this.requireFactor(id);
      const resetId = newId();
      const token = await this.resets.start({ id: resetId, accountId: id, askedBy: actor.id, reason });
      if (token === null) throw platformProblems.conflict('The three days are running already.');
      const url = `${this.config.publicUrl}/account/factor-reset?token=${token}`;
      const letter = { template: factorResetAskedMail.name, subjectId: resetId };
      await this.mail.request({ ...letter, to: account.email, data: { url } });
      this.note('mfa_reset_asked', id, actor, { resetId });
      const pending = await this.pending(id);
      if (!pending) throw platformProblems.not_found();
      return pending;
    });
  }

  /** What waits for this account, or null. */
  async pending(accountId: string): Promise<FactorResetDto | null> {
    const reset = await this.resets.pending(accountId);
    return reset && shown(reset);
  }

  /** By staff; 404 when nothing waits. */
  async cancel(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.held(id, 'customer');
      if (!(await this.stop(id, actor, 'by_staff'))) throw platformProblems.not_found();
    });
  }

  /** By whoever reads the owner's mail; 400 when nothing waits any more. */
  async cancelByLink(token: string): Promise<void> {
    await this.database.transaction(async () => {
      const accountId = await this.resets.accountOf(token);
      const account = accountId && (await this.accounts.lock(accountId));
      if (!account || !(await this.stop(account.id, system('identity'), 'by_link')))
        throw identityProblems.invalid_or_expired_token();
    });
  }

  /** Somebody has come in by these ways: with a second factor it is not lost. In the caller's transaction. */
  async cameIn(accountId: string, methods: readonly string[]): Promise<void> {
    if (methods.every((method) => FIRST_METHODS.includes(method))) return;
    await this.stop(accountId, system('identity'), 'signed_in');
  }

  /** For the scheduled job: what is due, each account in a transaction of its own. */
  async runDue(): Promise<void> {
    for (const accountId of await this.resets.due())
      await this.database.transaction(async () => {
        // The lock comes first: a sign-in with a factor that is under way cancels, and then nothing is due.
        const account = await this.accounts.lock(accountId);
        const resetId = account && (await this.resets.finish(accountId));
        if (resetId) await this.remove(account, system('identity'), resetId);
      });
  }

  /** Takes the factors of a colleague at once. Only administrators may, and nobody for himself. */
  async ofStaff(id: string, reason: string, actor: PersonActor): Promise<void> {
    if (id === actor.id) throw identityProblems.not_yourself();
    if (!may(actor, '*')) throw platformProblems.forbidden('Only an administrator may do this.');
    await this.database.transaction(async () => {
      const account = await this.held(id, 'staff');
      await this.requireFactor(id);
      const resetId = newId();
      await this.resets.note({ id: resetId, accountId: id, askedBy: actor.id, reason });
      await this.remove(account, actor, resetId);
    });
  }

  private async remove({ id, email }: Account, actor: Actor, resetId: string): Promise<void> {
    await this.factors.removeAll(id);
    await this.challenges.cancelAll(id);
    await this.sessions.revokeAllOf(id, 'factors_reset');
    await this.mail.request({
      template: factorResetDoneMail.name,
      subjectId: resetId,
      to: email,
      data: {},
    });
    this.note('mfa_reset', id, actor, { resetId });
  }

  private async stop(accountId: string, actor: Actor, because: string): Promise<boolean> {
    const resetId = await this.resets.cancel(accountId);
    if (resetId !== null) this.note('mfa_reset_cancelled', accountId, actor, { resetId, because });
    return resetId !== null;
  }

  private async requireFactor(id: string): Promise<void> {
    if (!(await this.factors.view(id)).secondFactor) throw identityProblems.no_second_factor();
  }

  private async held(id: string, kind: Account['kind']): Promise<Account> {
    const account = await this.accounts.lock(id);
    if (account?.kind !== kind) throw platformProblems.not_found();
    return account;
  }

  private note(what: string, subjectId: string, actor: Actor, details: object): void {
    const action = `identity.account.${what}`;
    this.audit.record({ actor, action, subjectType: 'account', subjectId, details });
  }
}

const shown = ({ askedAt, dueAt, ...reset }: FactorReset): FactorResetDto => ({
  ...reset,
  askedAt: askedAt.toISOString(),
  dueAt: dueAt.toISOString(),
});
