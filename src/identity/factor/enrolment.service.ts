import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { identityProblems } from '../identity.errors.js';
import { type AccessToken, SessionService } from '../session/session.service.js';
import { base32, STANDARD } from './base32.js';
import { recoveryCodesMadeMail } from './factor.mails.js';
import { FactorRepository, type FactorsView } from './factor.repository.js';
import { FactorChanges } from './factor-changes.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { newTotpSecret, otpauthUri, stepOf } from './totp.js';
import { TotpSecrets } from './totp-secrets.service.js';

/** How somebody gets an authenticator app and recovery codes, and gets rid of them. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly database: Database,
    private readonly factors: FactorRepository,
    private readonly secrets: TotpSecrets,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly changes: FactorChanges,
    private readonly sessions: SessionService,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  view(actor: PersonActor): Promise<FactorsView> {
    return this.factors.view(actor.id);
  }

  /** A new secret, which counts for nothing until a code of it came back. */
  start(actor: PersonActor): Promise<{ secret: string; uri: string }> {
    return this.database.transaction(async () => {
      const { id, email } = await this.changes.lock(actor);
      const secret = newTotpSecret();
      if (!(await this.factors.startTotp(id, this.secrets.seal(id, secret))))
        throw identityProblems.totp_present();
      this.note('totp_started', actor);
      return { secret: base32(secret, STANDARD), uri: otpauthUri(secret, this.config.shopName, email) };
    });
  }

  /**
   * Turns the app on. The code is used up by it, so the answer brings an access token with the new proof: nobody has to
   * wait for the next code.
   */
  async confirm(actor: PersonActor, code: string): Promise<AccessToken & { recoveryCodes: string[] }> {
    const sealed = await this.factors.pendingTotp(actor.id);
    const secret = sealed && this.secrets.open(actor.id, sealed);
    const step = secret && stepOf(secret, code, realNow(), this.config.totpPastSteps);
    if (sealed === null || step === null) throw identityProblems.wrong_code();
    const { codes, hashes } = await this.recoveryCodes.make();
    return this.database.transaction(async () => {
      const account = await this.changes.lock(actor);
      if (!(await this.factors.confirmTotp(actor.id, sealed, step))) throw identityProblems.wrong_code();
      await this.factors.replaceRecoveryCodes(actor.id, hashes);
      await this.changes.tell('totp', 'added', actor, account);
      const token = await this.sessions.prove(actor.sessionId, ['otp']);
      if (token === null) throw platformProblems.unauthorized();
      return answered(200, { ...token, recoveryCodes: codes });
    });
  }

  async removeTotp(actor: PersonActor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.changes.lock(actor);
      if (!(await this.factors.removeTotp(actor.id))) throw platformProblems.not_found();
      await this.changes.tell('totp', 'removed', actor, account);
    });
  }

  /** Ten new ones; the old ones open nothing any more. */
  async renewRecoveryCodes(actor: PersonActor): Promise<{ recoveryCodes: string[] }> {
    const { codes, hashes } = await this.recoveryCodes.make();
    return this.database.transaction(async () => {
      const { id, email } = await this.changes.lock(actor);
      if (!(await this.factors.view(id)).secondFactor) throw identityProblems.no_second_factor();
      await this.factors.replaceRecoveryCodes(id, hashes);
      const letter = { template: recoveryCodesMadeMail.name, subjectId: newId(), to: email, data: {} };
      await this.mail.request(letter);
      this.note('recovery_codes_made', actor);
      return answered(201, { recoveryCodes: codes });
    });
  }

  private note(what: string, actor: PersonActor): void {
    const action = `identity.account.${what}`;
    this.audit.record({ actor, action, subjectType: 'account', subjectId: actor.id });
  }
}

/** For whoever repeats the request with its key. The hashes come before the transaction, so it is no step of ours. */
function answered<A extends object>(status: number, answer: A): A {
  Idempotency.current()?.answer(status, answer);
  return answer;
}
