import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import type { OidcProvider } from '../../platform/oidc-providers.js';
import { AccountRepository } from '../account/account.repository.js';
import { ChallengeRepository } from '../factor/challenge.repository.js';
import { identityProblems } from '../identity.errors.js';
import { SessionRepository } from '../session/session.repository.js';
import { providerLinkedMail, providerUnlinkedMail } from './provider.mails.js';
import { type ForeignIdentity, type LinkView, ProviderRepository } from './provider.repository.js';
import { type Outcome, refused } from './provider-sign-in.service.js';

/** Links between one's own account and identities at providers. */
@Injectable()
export class ProviderLinkService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: ProviderRepository,
    private readonly sessions: SessionRepository,
    private readonly challenges: ChallengeRepository,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  async list(accountId: string): Promise<(LinkView & { title: string })[]> {
    const links = await this.links.of(accountId);
    return links.map((link) => ({ ...link, title: this.titleOf(link.provider) }));
  }

  /** 409 when the account has an identity of this provider already. */
  async requireUnlinked(accountId: string, provider: string): Promise<void> {
    const links = await this.links.of(accountId);
    if (links.some((link) => link.provider === provider)) throw identityProblems.already_linked();
  }

  /** Links what came back to the account whose session asked for it, as long as that session is there. */
  link(
    { code, title }: OidcProvider,
    identity: ForeignIdentity,
    { accountId, sessionId }: { accountId: string; sessionId: string },
  ): Promise<Outcome> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lock(accountId);
      const standing = await this.sessions.standing(sessionId);
      if (!account || standing?.accountId !== accountId) throw identityProblems.oidc_failed();
      const id = newId();
      if (!(await this.links.insert(id, accountId, code, identity))) {
        const present = await this.links.byIdentity(identity);
        return present?.accountId === accountId ? { linked: code } : refused(identityProblems.already_linked);
      }
      await this.tell(providerLinkedMail.name, account.email, title);
      // Whoever comes back from a provider brings no token: who it is stands in the flow.
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: 'identity.provider.linked',
        subjectType: 'account',
        subjectId: accountId,
        details: { provider: code, sessionId },
      });
      return { linked: code };
    });
  }

  /** 404 when there is no such link, 409 when nothing else would open the account. */
  async unlink(actor: PersonActor, code: string): Promise<void> {
    await this.database.transaction(async () => {
      // Held, so that of two links that are taken away at once the second sees what the first has left.
      const account = await this.accounts.lock(actor.id);
      const links = await this.links.of(actor.id);
      if (!account || !links.some(({ provider }) => provider === code)) throw platformProblems.not_found();
      const left = links.filter(({ provider }) => provider !== code && this.known(provider));
      if (account.passwordHash === null && left.length === 0) throw identityProblems.last_way_in();
      await this.links.delete(actor.id, code);
      await this.challenges.cancelBegunBy('fed', actor.id);
      await this.tell(providerUnlinkedMail.name, account.email, this.titleOf(code));
      this.audit.record({
        actor,
        action: 'identity.provider.unlinked',
        subjectType: 'account',
        subjectId: actor.id,
        details: { provider: code },
      });
    });
  }

  private async tell(template: string, to: string, title: string): Promise<void> {
    await this.mail.request({ template, subjectId: newId(), to, data: { title } });
  }

  /** One that left the settings opens nothing any more. */
  private known(provider: string): OidcProvider | undefined {
    return this.config.oidcProviders.find(({ code }) => code === provider);
  }

  private titleOf(provider: string): string {
    return this.known(provider)?.title ?? provider;
  }
}
