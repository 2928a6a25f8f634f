import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { identityProblems } from '../identity.errors.js';
import { PasswordHasher } from './password.hasher.service.js';
import { MAXIMUM_LENGTH, normalizePassword, type Weakness, weaknessOf } from './password.rules.js';

/** Takes a new password only when it is good, and says why not. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly config: Config,
  ) {}

  /** The hash to keep. `context`: words about the account that everybody would try; `present`: the one it replaces. */
  async hash(password: string, context: string[], present: string | null = null): Promise<string> {
    const fault = this.faultOf(password, context, present);
    if (fault)
      throw identityProblems.password_blocked(`The password ${fault.message}.`, {
        errors: [{ pointer: '/password', ...fault }],
      });
    return this.hasher.hash(password);
  }

  /** Why a new password is refused, or null when it is good; see `hash`. */
  faultOf(
    password: string,
    context: string[],
    present: string | null = null,
  ): { code: string; message: string } | null {
    const minimum = this.config.minimumPasswordLength;
    const host = new URL(this.config.publicUrl).hostname;
    const unchanged = present !== null && normalizePassword(password) === normalizePassword(present);
    const weakness = unchanged
      ? 'unchanged'
      : weaknessOf(password, minimum, [this.config.shopName, host, ...context]);
    return weakness && { code: weakness, message: reasons(minimum)[weakness] };
  }
}

const reasons = (minimum: number): Record<Weakness | 'unchanged', string> => ({
  too_short: `must have at least ${minimum} characters`,
  too_long: `must have at most ${MAXIMUM_LENGTH} characters`,
  common: 'is one of those that are tried first',
  context: 'is made of your address or the name of the shop',
  repetition: 'repeats itself or follows the keyboard',
  unchanged: 'is the present one',
});
