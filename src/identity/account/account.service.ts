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
import { type LinkPurpose, LinkRepository } from '../link/link.repository.js';
import { PasswordService } from '../password/password.service.js';
import { networkOf } from '../throttle/network.js';
import { type Announce, rateLimit } from '../throttle/rate-limit.js';
import { type Quota, ThrottleRepository } from '../throttle/throttle.repository.js';
import { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import { accountExistsMail, invitationMail, resetPasswordMail, verifyEmailMail } from './account.mails.js';
import { normalizeEmail } from './sign-in.service.js';

/** Mails that anybody may cause for an address: three an hour, ten a day. */
const PER_HOUR: Quota = { free: 3, windowSeconds: 3_600 };
const PER_DAY: Quota = { free: 10, windowSeconds: 86_400 };
/** Who asks for something that may end in a mail, and where to put what is left for the network. */
export interface Asking {
  ip: string;
  announce: Announce;
}

const LETTERS: Record<LinkPurpose, { template: string; path: string }> = {
  verify_email: { template: verifyEmailMail.name, path: '/account/verify' },
  reset_password: { template: resetPasswordMail.name, path: '/account/reset' },
  invitation: { template: invitationMail.name, path: '/account/reset' },
};
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
    private readonly throttles: ThrottleRepository,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  async register(
    input: { email: string; password: string; firstName?: string | null; lastName?: string | null },
    asking: Asking,
  ): Promise<void> {
    const email = normalizeEmail(input.email);
    const passwordHash = await this.passwords.hash(input.password, [email]);
    const stopped = await this.isStopped(asking);
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
          if (!stopped) await this.sendLink('verify_email', id, email);
          return;
        }
        if (stopped || (await this.tooManyMails(email))) return;
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
      const link = await this.links.use(['verify_email'], token);
      const account = link && (await this.accounts.lock(link.accountId));
      if (!link || !account?.verify(link.email, realNow())) throw identityProblems.invalid_or_expired_token();
      await this.accounts.save(account);
      this.outbox.record(new EmailVerified({ customerId: account.id }));
      this.note('email_verified', account.id);
    });
  }

  async askVerification(address: string, asking: Asking): Promise<void> {
    await evenly(this.mailIfKnown(address, asking, 'verify_email', ({ isVerified }) => !isVerified));
  }

  /** Mails the link to set the first password, in the transaction that makes the account. No stranger's mails count. */
  async invite(accountId: string, email: string): Promise<void> {
    await this.sendLink('invitation', accountId, email);
  }

  async forgotPassword(address: string, asking: Asking): Promise<void> {
    await evenly(this.mailIfKnown(address, asking, 'reset_password', ({ isActive }) => isActive));
  }

  private async mailIfKnown(
    address: string,
    asking: Asking,
    purpose: LinkPurpose,
    when: (account: Account) => boolean,
  ): Promise<void> {
    const email = normalizeEmail(address);
    if (await this.isStopped(asking)) return;
    await this.database.transaction(async () => {
      if (await this.tooManyMails(email)) return;
      const account = await this.accounts.byEmail(email);
      if (account && when(account)) await this.sendLink(purpose, account.id, email);
    });
  }

  /** The network has caused its mails of this hour: the answer stays the same, and nothing is mailed. */
  private async isStopped({ ip, announce }: Asking): Promise<boolean> {
    const quota: Quota = { free: this.config.mailsPerNetwork, windowSeconds: 3_600 };
    const counted = await this.throttles.attempt(`mails-of-network:${networkOf(ip)}`, quota);
    announce(rateLimit('mails', quota, counted));
    return counted.wait > 0;
  }

  private async tooManyMails(email: string): Promise<boolean> {
    return (
      (await this.throttles.attempt(`mail:${email}`, PER_HOUR)).wait > 0 ||
      (await this.throttles.attempt(`mails-of-day:${email}`, PER_DAY)).wait > 0
    );
  }

  private async sendLink(purpose: LinkPurpose, accountId: string, email: string): Promise<void> {
    const { token, id } = await this.links.make(purpose, accountId, email);
    const { template, path } = LETTERS[purpose];
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
