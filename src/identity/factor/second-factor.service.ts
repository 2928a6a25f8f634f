import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { identityProblems } from '../identity.errors.js';
import { PasswordHasher } from '../password/password.hasher.service.js';
import { type Quota, ThrottleRepository } from '../throttle/throttle.repository.js';
import { FactorRepository } from './factor.repository.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { stepOf } from './totp.js';
import { TotpSecrets } from './totp-secrets.service.js';

/** Wrong codes of an account, of whatever kind and wherever they were tried. */
const TRIES: Quota = { free: 10, windowSeconds: 900 };

/** One of the two. */
export interface GivenCode {
  code?: string;
  recoveryCode?: string;
}

/** Takes a code beside a password: of an authenticator app, or one of the recovery codes. */
@Injectable()
export class SecondFactor {
  constructor(
    private readonly database: Database,
    private readonly factors: FactorRepository,
    private readonly secrets: TotpSecrets,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly hasher: PasswordHasher,
    private readonly throttles: ThrottleRepository,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** Uses up the code; false when it is wrong or used. 429 after too many. Counted before it is looked at. */
  async take(accountId: string, { code, recoveryCode }: GivenCode): Promise<boolean> {
    if (recoveryCode !== undefined) this.hasher.requireRoom();
    const bucket = `second-factor:${accountId}`;
    const { wait } = await this.throttles.attempt(bucket, TRIES);
    if (wait > 0) throw identityProblems.too_many_attempts('Too many wrong codes.', { retryAfter: wait });
    const right =
      code === undefined
        ? await this.recoveryCodes.take(accountId, recoveryCode ?? '')
        : await this.takeOfApp(accountId, code);
    if (right) await this.throttles.reset([bucket]);
    else await this.noteFailure(accountId);
    return right;
  }

  private async takeOfApp(accountId: string, code: string): Promise<boolean> {
    const sealed = await this.factors.totp(accountId);
    if (sealed === null) return false;
    const secret = this.secrets.open(accountId, sealed);
    const step = stepOf(secret, code, realNow(), this.config.totpPastSteps);
    return step !== null && this.factors.useStep(accountId, sealed, step);
  }

  private noteFailure(subjectId: string): Promise<void> {
    return this.database.transaction(() => {
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: 'identity.sign_in.code_refused',
        subjectType: 'account',
        subjectId,
      });
      return Promise.resolve();
    });
  }
}
