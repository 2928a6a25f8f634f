import { Injectable } from '@nestjs/common';
import { type Actor, type PersonActor, system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { EmailVerified } from '../identity.events.js';
import { identityProblems } from '../identity.errors.js';
import { LinkLetters } from '../link/link-letters.service.js';
import { LinkRepository } from '../link/link.repository.js';
import { SessionService } from '../session/session.service.js';
import { type Asking, evenly, MailQuota } from '../throttle/mail-quota.service.js';
import { accountExistsMail, emailChangeAskedMail, emailChangedMail } from './account.mails.js';
import { AccountRepository } from './account.repository.js';
import { normalizeEmail } from './sign-in.service.js';

/** Another address for an account: asked for by its owner, confirmed by whoever reads the mail there. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: LinkRepository,
    private readonly letters: LinkLetters,
    private readonly quota: MailQuota,
    private readonly sessions: SessionService,
    private readonly mail: Mail,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** Answers alike, and in the same time, whether somebody has the address or not. The present address is told. */
  async ask(actor: PersonActor, address: string, asking: Asking): Promise<void> {
    const wanted = normalizeEmail(address);
    const stopped = await this.quota.isUsedUpBy(asking);
    await evenly(
      this.database.transaction(async () => {
        const account = await this.accounts.lock(actor.id);
        if (!account) throw platformProblems.not_found();
        if (stopped || account.email === wanted || (await this.quota.isUsedUpFor(wanted))) return;
        if (await this.accounts.credentials(wanted))
          await this.tell(accountExistsMail.name, wanted, '/account/forgot');
        else await this.letters.send('emailChange', account.id, wanted);
        await this.tell(emailChangeAskedMail.name, account.email, '/account/forgot');
        this.note(actor, 'email_change_asked', account.id);
      }),
    );
  }

  /**
   * The link works once. It ends all other links, and all sessions but the one of the request, if that is of the same
   * account. Refused like a dead link when somebody has got the address meanwhile.
   */
  async confirm(token: string, actor: Actor): Promise<void> {
    try {
      await this.database.transaction(() => this.move(token, actor));
    } catch (error) {
      if (isUniqueViolation(error, 'accounts_email_key')) throw identityProblems.invalid_or_expired_token();
      throw error;
    }
  }

  private async move(token: string, actor: Actor): Promise<void> {
    const shown = await this.links.find(['change_email'], token);
    const account = shown && (await this.accounts.lock(shown.accountId));
    const link = account && (await this.links.use(['change_email'], token));
    if (!link || !account.isActive) throw identityProblems.invalid_or_expired_token();
    // The index of SECRET_KEY is unique, and says nothing of accounts that are found by the former one.
    if (await this.accounts.credentials(link.email)) throw identityProblems.invalid_or_expired_token();
    const former = account.email;
    account.moveTo(link.email, realNow());
    await this.accounts.save(account);
    await this.links.cancelAll(account.id);
    const owns = actor.kind === 'person' && actor.id === account.id;
    const here = owns ? actor.sessionId : null;
    await this.sessions.revokeAllOf(account.id, 'email_changed', here);
    await this.tell(emailChangedMail.name, former);
    if (account.kind === 'customer') this.outbox.record(new EmailVerified({ customerId: account.id }));
    this.note(system('identity'), 'email_changed', account.id);
  }

  private tell(template: string, to: string, path?: string): Promise<void> {
    const data = path === undefined ? {} : { url: `${this.config.publicUrl}${path}` };
    return this.mail.request({ template, subjectId: newId(), to, data });
  }

  private note(actor: Actor, what: string, subjectId: string): void {
    this.audit.record({ actor, action: `identity.account.${what}`, subjectType: 'account', subjectId });
  }
}
