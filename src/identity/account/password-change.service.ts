import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { ChallengeRepository } from '../factor/challenge.repository.js';
import { identityProblems } from '../identity.errors.js';
import { EmailVerified } from '../identity.events.js';
import { type LinkPurpose, LinkRepository } from '../link/link.repository.js';
import { PasswordService } from '../password/password.service.js';
import { PresentPassword } from '../password/present-password.service.js';
import { SessionService } from '../session/session.service.js';
import { ThrottleRepository } from '../throttle/throttle.repository.js';
import type { Account } from './account.entity.js';
import { passwordChangedMail } from './account.mails.js';
import { AccountRepository } from './account.repository.js';

const BY_LINK: LinkPurpose[] = ['reset_password', 'invitation'];

/** A new password, by a link that was mailed or by the present password; either way other sessions and links end. */
@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: LinkRepository,
    private readonly challenges: ChallengeRepository,
    private readonly present: PresentPassword,
    private readonly passwords: PasswordService,
    private readonly sessions: SessionService,
    private readonly throttles: ThrottleRepository,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** Does not sign in; signs out everywhere. */
  async byLink(token: string, password: string): Promise<void> {
    // Looked at before the hash is paid for, and used up only when there is one.
    const shown = await this.links.find(BY_LINK, token);
    if (!shown) throw identityProblems.invalid_or_expired_token();
    const hash = await this.passwords.hash(password, [shown.email]);
    await this.database.transaction(async () => {
      const account = await this.accounts.lock(shown.accountId);
      const link = account && (await this.links.use(BY_LINK, token));
      const wasVerified = account?.isVerified ?? false;
      if (!link || !account.verify(link.email, realNow())) throw identityProblems.invalid_or_expired_token();
      if (!wasVerified && account.kind === 'customer')
        this.outbox.record(new EmailVerified({ customerId: account.id }));
      await this.set(account, hash, null);
      await this.throttles.reset([`account:${link.email}`, `known-device:${link.email}`]);
      this.note('password_reset', account.id, { kind: 'system', name: 'identity' });
    });
  }

  /** Keeps the session of the request and ends all others. */
  async byPassword(actor: PersonActor, present: string, password: string): Promise<void> {
    const found = await this.present.check(actor.id, present);
    const hash = await this.passwords.hash(password, [found.email], present);
    await this.database.transaction(async () => {
      const account = await this.accounts.lock(actor.id);
      if (account?.passwordHash !== found.passwordHash) throw identityProblems.wrong_password();
      await this.set(account, hash, actor.sessionId);
      this.note('password_changed', account.id, actor);
    });
  }

  /** In the caller's transaction. */
  private async set(account: Account, hash: string, keepSession: string | null): Promise<void> {
    account.setPassword(hash);
    await this.accounts.save(account);
    await this.links.cancelAll(account.id);
    await this.challenges.cancelAll(account.id);
    await this.sessions.revokeAllOf(account.id, 'password_changed', keepSession);
    const letter = { template: passwordChangedMail.name, subjectId: newId(), to: account.email, data: {} };
    await this.mail.request(letter);
  }

  private note(what: string, subjectId: string, actor: Parameters<Audit['record']>[0]['actor']): void {
    this.audit.record({ actor, action: `identity.account.${what}`, subjectType: 'account', subjectId });
  }
}
