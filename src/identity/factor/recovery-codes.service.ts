import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { AccountRepository } from '../account/account.repository.js';
import { PasswordHasher } from '../password/password.hasher.service.js';
import { recoveryCodeUsedMail } from './factor.mails.js';
import { FactorRepository } from './factor.repository.js';
import { newRecoveryCodes, printed, readRecoveryCode } from './recovery-code.js';

export interface RecoveryCodeSet {
  /** As they are shown, once. */
  codes: string[];
  hashes: string[];
}

/** Ten codes for the day when the second factor is lost. Fifty bits are too few for a quick hash. */
@Injectable()
export class RecoveryCodes {
  constructor(
    private readonly database: Database,
    private readonly factors: FactorRepository,
    private readonly accounts: AccountRepository,
    private readonly hasher: PasswordHasher,
    private readonly mail: Mail,
    private readonly audit: Audit,
  ) {}

  /** Before any row is locked: it takes ten slow hashes, one after the other so that others get their turn. */
  async make(): Promise<RecoveryCodeSet> {
    const made = newRecoveryCodes();
    const hashes: string[] = [];
    for (const { secret } of made) hashes.push(await this.hasher.hash(secret));
    return { codes: made.map(printed), hashes };
  }

  /** Uses up the code that somebody typed; false when it is wrong or used. Costs one hash, whatever is typed. */
  async take(accountId: string, typed: string): Promise<boolean> {
    const code = readRecoveryCode(typed);
    const hash = code && (await this.factors.recoveryHash(accountId, code.number));
    const right = await this.hasher.verify(hash, code?.secret ?? typed);
    if (!right || !code || hash === null) return false;
    return this.database.transaction(async () => {
      if (!(await this.factors.useRecoveryCode(accountId, code.number, hash))) return false;
      await this.tellOwner(accountId);
      return true;
    });
  }

  private async tellOwner(accountId: string): Promise<void> {
    const { recoveryCodes: left } = await this.factors.view(accountId);
    const account = await this.accounts.byId(accountId);
    const letter = { template: recoveryCodeUsedMail.name, subjectId: newId(), data: { left } };
    if (account) await this.mail.request({ ...letter, to: account.email });
    this.audit.record({
      actor: { kind: 'system', name: 'identity' },
      action: 'identity.account.recovery_code_used',
      subjectType: 'account',
      subjectId: accountId,
      details: { left },
    });
  }
}
