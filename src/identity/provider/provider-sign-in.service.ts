import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import type { ProblemFactory } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { OidcProvider } from '../../platform/oidc-providers.js';
import { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { type SecondFactorAsked, SecondStepService } from '../factor/second-step.service.js';
import { CustomerRegistered, EmailVerified } from '../identity.events.js';
import { identityProblems } from '../identity.errors.js';
import type { SignedIn } from '../session/entrance.service.js';
import { type Device, SessionService } from '../session/session.service.js';
import type { ForeignPerson } from './oidc-client.service.js';
import { ProviderRepository } from './provider.repository.js';
import { type CodeOf, ProviderFlowRepository } from './provider-flow.repository.js';

/** What becomes of somebody who came back from a provider: the query that the storefront gets. */
export type Outcome = { code: string } | { linked: string } | { error: string };

export const refused = ({ kind }: ProblemFactory): Outcome => ({ error: kind.code });

/**
 * Signing in by the word of a provider. It opens the account that is linked to what the provider calls somebody, and
 * never one because it has the same address: an address can change hands, and not every provider checks well.
 */
@Injectable()
export class ProviderSignInService {
  private readonly log = new Logger('oidc');

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly links: ProviderRepository,
    private readonly flows: ProviderFlowRepository,
    private readonly sessions: SessionService,
    private readonly secondSteps: SecondStepService,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** A code for the account of this person, made now if there is none; or why there can be none. */
  signIn(provider: OidcProvider, person: ForeignPerson, browser: string): Promise<Outcome> {
    return this.database.transaction(async () => {
      // Overtaken by another sign-in of the same person: what that one has made is there the second time.
      const outcome =
        (await this.enter(provider, person, browser)) ?? (await this.enter(provider, person, browser));
      if (!outcome) throw identityProblems.oidc_failed();
      return outcome;
    });
  }

  /** Changes a code for tokens or for the question of a second factor, once. 400 for any code that is not good. */
  exchange(code: string, device: Device, of: CodeOf): Promise<SignedIn | SecondFactorAsked> {
    return this.database.transaction(async () => {
      const taken = await this.flows.takeCode(code, of);
      const account = taken && (await this.accounts.lockActive(taken.accountId));
      if (!account) throw identityProblems.oidc_failed();
      return this.secondSteps.comeIn(account, device, 'fed');
    });
  }

  private async enter(
    provider: OidcProvider,
    person: ForeignPerson,
    browser: string,
  ): Promise<Outcome | null> {
    const link = await this.links.byIdentity(person);
    if (!link) return this.arrive(provider, person, browser);
    const account = await this.accounts.byId(link.accountId);
    if (!account?.isActive) {
      this.log.warn(
        { provider: provider.code, why: 'the account is not active' },
        'a federated sign-in failed',
      );
      throw identityProblems.oidc_failed();
    }
    return (await this.links.touch(link.id)) ? { code: await this.flows.makeCode(link.id, browser) } : null;
  }

  /** Somebody whom nobody here knows yet. Null when another was quicker. */
  private async arrive(
    provider: OidcProvider,
    person: ForeignPerson,
    browser: string,
  ): Promise<Outcome | null> {
    const { email, firstName, lastName } = person;
    if (email === null) return refused(identityProblems.address_required);
    const present = await this.accounts.lockByEmail(email);
    if (present && !present.givesWay) {
      // It may be the account that another sign-in of the same person has made since the link was looked for.
      if (await this.links.byIdentity(person)) return null;
      this.note('identity.sign_in.link_required', present.id, { provider: provider.code });
      return refused(identityProblems.link_required);
    }
    if (present) await this.drop(present);
    const [id, linkId] = [newId(), newId()];
    const made = await this.accounts.insert(
      Account.open({
        id,
        kind: 'customer',
        email,
        passwordHash: null,
        firstName,
        lastName,
        emailVerifiedAt: realNow(),
      }),
    );
    if (!made) return null;
    if (!(await this.links.insert(linkId, id, provider.code, person))) {
      await this.accounts.delete(id);
      return null;
    }
    await this.links.touch(linkId);
    this.outbox.record(new CustomerRegistered({ customerId: id }));
    this.outbox.record(new EmailVerified({ customerId: id }));
    this.note('identity.account.registered', id, { provider: provider.code });
    return { code: await this.flows.makeCode(linkId, browser) };
  }

  /**
   * Somebody registered with an address and never showed that it is theirs; now its owner is here. Joining the two would
   * leave the stranger's password on the owner's account.
   */
  private async drop({ id }: Account): Promise<void> {
    await this.sessions.revokeAllOf(id, 'account_dropped');
    await this.accounts.delete(id);
    this.note('identity.account.dropped', id, {
      because: 'never verified, and somebody else has the address',
    });
  }

  private note(action: string, subjectId: string, details: object): void {
    this.audit.record({ actor: system('identity'), action, subjectType: 'account', subjectId, details });
  }
}
