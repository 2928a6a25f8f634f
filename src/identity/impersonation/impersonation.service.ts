import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { placeOf } from '../../platform/http/network.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import { type AccessToken, type Device, SessionService } from '../session/session.service.js';
import { AccessTokens } from '../token/access-tokens.service.js';
import { LIFETIME } from '../token/key-times.js';
import { impersonationStartedMail } from './impersonation.mails.js';
import { ImpersonationRepository } from './impersonation.repository.js';

/** Staff in the place of customers, to see and mend what they see: openly, for a quarter of an hour, without their secrets. */
@Injectable()
export class ImpersonationService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly impersonations: ImpersonationRepository,
    private readonly sessions: SessionService,
    private readonly tokens: AccessTokens,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /**
   * An access token of the customer that names the actor, and no refresh token. An earlier one of the same two ends. 403
   * for an account of staff, 409 for a customer who may not sign in.
   */
  async begin(customerId: string, reason: string, actor: PersonActor, device: Device): Promise<AccessToken> {
    return this.database.transaction(async () => {
      const account = await this.customer(customerId);
      if (!account.isActive) throw identityProblems.account_disabled();
      (await this.impersonations.end(actor.id, customerId)).forEach((id) => this.sessions.lookAfresh(id));
      const [id, impersonatorId, methods] = [newId(), actor.id, [...actor.proof.methods]];
      await this.impersonations.insert({
        ...{ id, accountId: customerId, seconds: LIFETIME.impersonation, methods, reason },
        ipPrefix: placeOf(device.ip),
        userAgent: device.userAgent?.slice(0, 200) ?? null,
        impersonatorId,
        impersonatorSessionId: actor.sessionId,
      });
      // The reason stands with the session, which goes with the account: the trail is never changed, so it keeps no words.
      this.note('started', customerId, actor, { sessionId: id });
      await this.mail.request({
        template: impersonationStartedMail.name,
        subjectId: id,
        to: account.email,
        data: { reason, url: `${this.config.publicUrl}/account/sessions` },
      });
      const { token, expiresIn } = await this.tokens.sign({
        ...{ id, accountId: customerId, kind: 'customer', provedAt: realNow(), methods, impersonatorId },
      });
      return { accessToken: token, tokenType: 'Bearer', expiresIn };
    });
  }

  /** The actor's own in the place of this customer; one that is over already is no fault. */
  async end(customerId: string, actor: PersonActor): Promise<void> {
    await this.database.transaction(async () => {
      await this.customer(customerId);
      const ended = await this.impersonations.end(actor.id, customerId);
      for (const sessionId of ended) {
        this.sessions.lookAfresh(sessionId);
        this.note('ended', customerId, actor, { sessionId });
      }
    });
  }

  private async customer(id: string): Promise<Account> {
    const account = await this.accounts.lock(id);
    if (!account) throw platformProblems.not_found();
    if (account.kind !== 'customer') throw identityProblems.customers_only();
    return account;
  }

  private note(what: string, subjectId: string, actor: PersonActor, details: object): void {
    const action = `identity.impersonation.${what}`;
    this.audit.record({ actor, action, subjectType: 'account', subjectId, details });
  }
}
