import { setTimeout as wait } from 'node:timers/promises';
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
import { LinkRepository } from '../link/link.repository.js';
import { PasswordService } from '../password/password.service.js';
import { SessionService } from '../session/session.service.js';
import { type Limit, ThrottleRepository } from '../throttle/throttle.repository.js';
import { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import {
  accountExistsMail,
  passwordChangedMail,
  resetPasswordMail,
  verifyEmailMail,
} from './account.mails.js';
import { normalizeEmail } from './sign-in.service.js';

/** Mails that anybody may cause for an address: three an hour, ten a day. */
const PER_HOUR: Limit = { free: 3, windowSeconds: 3_600 };
const PER_DAY: Limit = { free: 10, windowSeconds: 86_400 };
/** Longer than the work takes, whatever it finds: the time must not tell whether an address has an account. */
const ANSWER_MS = 100;

/** Accounts of customers: made, verified, given a new password. Answers are alike whether an address is known or not. */
@Injectable()
export class AccountService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: LinkRepository,
    private readonly passwords: PasswordService,
    private readonly sessions: SessionService,
    private readonly throttles: ThrottleRepository,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  async register(input: {
    email: string;
    password: string;
    firstName?: string | null;
    lastName?: string | null;
  }): Promise<void> {
    const email = normalizeEmail(input.email);
    const passwordHash = await this.passwords.hash(input.password, [email.split('@')[0] ?? '']);
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
          await this.sendLink('verify_email', id, email);
          return;
        }
        if (await this.tooManyMails(email)) return;
        await this.mail.request({
          template: accountExistsMail.name,
          subjectId: newId(),
          to: email,
          data: { url: this.url('/account/forgot') },
        });
      }),
    );
  }

  async verifyEmail(token: string): Promise<void> {
    await this.database.transaction(async () => {
      const link = await this.links.use('verify_email', token);
      const account = link && (await this.accounts.lock(link.accountId));
      if (!link || !account?.verify(link.email, realNow())) throw identityProblems.invalid_or_expired_token();
      await this.accounts.save(account);
      this.outbox.record(new EmailVerified({ customerId: account.id }));
      this.note('email_verified', account.id);
    });
  }

  async askVerification(address: string): Promise<void> {
    await evenly(this.mailIfKnown(address, 'verify_email', ({ isVerified }) => !isVerified));
  }

  /** Mails the link to set a password; for staff that was just made, in the transaction of that. */
  async invite(email: string): Promise<void> {
    await this.mailIfKnown(email, 'reset_password', ({ isActive }) => isActive);
  }

  async forgotPassword(address: string): Promise<void> {
    await evenly(this.invite(address));
  }

  /** Does not sign in; signs out everywhere. */
  async resetPassword(token: string, password: string): Promise<void> {
    const hash = await this.passwords.hash(password, []);
    await this.database.transaction(async () => {
      const link = await this.links.use('reset_password', token);
      const account = link && (await this.accounts.lock(link.accountId));
      if (!link || !account) throw identityProblems.invalid_or_expired_token();
      account.setPassword(hash);
      account.verify(link.email, realNow());
      await this.accounts.save(account);
      await this.links.cancelAll(link.accountId);
      await this.sessions.revokeAllOf(link.accountId, 'password_reset');
      await this.throttles.reset(`account:${link.email}`);
      await this.mail.request({
        template: passwordChangedMail.name,
        subjectId: newId(),
        to: link.email,
        data: {},
      });
      this.note('password_reset', link.accountId);
    });
  }

  private async mailIfKnown(
    address: string,
    purpose: 'verify_email' | 'reset_password',
    when: (account: Account) => boolean,
  ): Promise<void> {
    const email = normalizeEmail(address);
    await this.database.transaction(async () => {
      if (await this.tooManyMails(email)) return;
      const account = await this.accounts.byEmail(email);
      if (account && when(account)) await this.sendLink(purpose, account.id, email);
    });
  }

  private async tooManyMails(email: string): Promise<boolean> {
    return (
      (await this.throttles.attempt(`mail:${email}`, PER_HOUR)) > 0 ||
      (await this.throttles.attempt(`mails-of-day:${email}`, PER_DAY)) > 0
    );
  }

  private async sendLink(
    purpose: 'verify_email' | 'reset_password',
    accountId: string,
    email: string,
  ): Promise<void> {
    const { token, id } = await this.links.make(purpose, accountId, email);
    const [template, path] =
      purpose === 'verify_email'
        ? [verifyEmailMail.name, '/account/verify']
        : [resetPasswordMail.name, '/account/reset'];
    await this.mail.request({
      template,
      subjectId: id,
      to: email,
      data: { url: this.url(`${path}?token=${token}`) },
    });
  }

  private url(path: string): string {
    return `${this.config.publicUrl}${path}`;
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

async function evenly(work: Promise<void>): Promise<void> {
  await Promise.all([work, wait(ANSWER_MS)]);
}
