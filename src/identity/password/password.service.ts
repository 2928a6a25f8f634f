import { Injectable } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { identityProblems } from '../identity.errors.js';
import { BreachedPasswords } from './breached-passwords.port.js';
import { PasswordHasher } from './password.hasher.service.js';
import { blockList, MAXIMUM_LENGTH, normalizePassword, type Weakness, weaknessOf } from './password.rules.js';

/** Takes a new password only when it is good, and says why not. */
@Injectable()
export class PasswordService {
  private readonly blocked: ReadonlySet<string>;

  constructor(
    private readonly hasher: PasswordHasher,
    private readonly breaches: BreachedPasswords,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {
    this.blocked = blockList(config.blockedPasswords);
  }

  /**
   * The hash to keep; never inside a transaction. `context`: words about the account that everybody would try;
   * `present`: the one it replaces.
   */
  async hash(password: string, context: string[], present: string | null = null): Promise<string> {
    const fault = await this.faultOf(password, context, present);
    if (fault)
      throw identityProblems.password_blocked(`The password ${fault.message}.`, {
        errors: [{ pointer: '/password', ...fault }],
      });
    return this.hasher.hash(password);
  }

  /** Why a new password is refused, or null when it is good; see `hash`. */
  async faultOf(
    password: string,
    context: string[],
    present: string | null = null,
  ): Promise<{ code: string; message: string } | null> {
    const minimum = this.config.minimumPasswordLength;
    const host = new URL(this.config.publicUrl).hostname;
    const words = [this.config.shopName, host, ...context];
    const unchanged = present !== null && normalizePassword(password) === normalizePassword(present);
    const weakness = unchanged ? 'unchanged' : weaknessOf(password, minimum, words, this.blocked);
    // Others are asked only about what has passed here.
    const code = weakness ?? ((await this.isBreached(password)) ? 'breached' : null);
    return code && { code, message: reasons(minimum)[code] };
  }

  /** When nobody can say, the password is taken, and the trail says so: no shop stops for a service that is away. */
  private async isBreached(password: string): Promise<boolean> {
    const known = await this.breaches.has(password);
    if (known === null)
      await this.database.transaction(() => {
        this.audit.record({
          actor: system('identity'),
          action: 'identity.password.breach_check_unavailable',
          subjectType: 'service',
          subjectId: 'breach-check',
        });
        return Promise.resolve();
      });
    return known ?? false;
  }
}

const reasons = (minimum: number): Record<Weakness | 'unchanged' | 'breached', string> => ({
  too_short: `must have at least ${minimum} characters`,
  too_long: `must have at most ${MAXIMUM_LENGTH} characters`,
  common: 'is one of those that are tried first',
  context: 'is made of your address or the name of the shop',
  blocked: 'is made of words that are tried first here',
  repetition: 'repeats itself or follows the keyboard',
  breached: 'is known from a breach of another service',
  unchanged: 'is the present one',
});
