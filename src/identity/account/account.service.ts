import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { CustomerRegistered, EmailVerified } from '../identity.events.js';
import { identityProblems } from '../identity.errors.js';
import { type LinkLetter, LinkLetters } from '../link/link-letters.service.js';
import { LinkRepository } from '../link/link.repository.js';
import { PasswordService } from '../password/password.service.js';
import { type Asking, evenly, MailQuota } from '../throttle/mail-quota.service.js';
import { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import { accountExistsMail } from './account.mails.js';
import { normalizeEmail } from './sign-in.service.js';

/** Accounts of customers: made, verified, given a new password. Answers are alike whether an address is known or not. */
@Injectable()
export class AccountService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: LinkRepository,
    private readonly passwords: PasswordService,
    private readonly quota: MailQuota,
    private readonly letters: LinkLetters,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  async register(
    input: { email: string; password: string; firstName?: string | null; lastName?: string | null },
    asking: Asking,
  ): Promise<void> {
    await this.quota.countRegistration(asking);
    const email = normalizeEmail(input.email);
    const passwordHash = await this.passwords.hash(input.password, [email]);
    const stopped = await this.quota.isUsedUpBy(asking);
    const { firstName = null, lastName = null } = input;
    await evenly(
      this.database.transaction(async () => {
        const id = newId();
        const made = await this.accounts.insert(
          Account.open({ id, kind: 'customer', email, passwordHash, firstName, lastName }),
        );
        if (made) {
          this.outbox.record(new CustomerRegistered({ customerId: id }));
          this.note('registered', id);
          if (!stopped) await this.letters.send('verification', id, email);
          return;
        }
        if (stopped || (await this.quota.isUsedUpFor(email))) return;
        await this.mail.request({
          template: accountExistsMail.name,
          subjectId: newId(),
          to: email,
          data: { url: `${this.config.publicUrl}/account/forgot` },
        });
      }),
    );
  }

  async verifyEmail(token: string): Promise<void> {
    await this.database.transaction(async () => {
      const shown = await this.links.find(['verify_email'], token);
      const account = shown && (await this.accounts.lock(shown.accountId));
      const link = account && (await this.links.use(['verify_email'], token));
      if (!link || !account.verify(link.email, realNow())) throw identityProblems.invalid_or_expired_token();
      await this.accounts.save(account);
      if (account.kind === 'customer') this.outbox.record(new EmailVerified({ customerId: account.id }));
      this.note('email_verified', account.id);
    });
  }

  async askVerification(address: string, asking: Asking): Promise<void> {
    await evenly(this.mailIfKnown(address, asking, 'verification', ({ isVerified }) => !isVerified));
  }

  /** Mails the link to set the first password, in the transaction that makes the account. No stranger's mails count. */
  async invite(accountId: string, email: string): Promise<void> {
    await this.letters.send('staffInvitation', accountId, email);
  }

  async forgotPassword(address: string, asking: Asking): Promise<void> {
    await evenly(this.mailIfKnown(address, asking, 'reset', ({ isActive }) => isActive));
  }

  private async mailIfKnown(
    address: string,
    asking: Asking,
    letter: LinkLetter,
    when: (account: Account) => boolean,
  ): Promise<void> {
    const email = normalizeEmail(address);
    if (await this.quota.isUsedUpBy(asking)) return;
    await this.database.transaction(async () => {
      if (await this.quota.isUsedUpFor(email)) return;
      const account = await this.accounts.byEmail(email);
      if (account && when(account)) await this.letters.send(letter, account.id, email);
    });
  }

  private note(what: string, accountId: string): void {
    this.audit.record({
      actor: { kind: 'system', name: 'identity' },
      action: `identity.account.${what}`,
      subjectType: 'account',
      subjectId: accountId,
    });
  }
}
