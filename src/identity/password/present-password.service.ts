import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import { type Curve, ThrottleRepository } from '../throttle/throttle.repository.js';
import { PasswordHasher } from './password.hasher.service.js';

/** Whoever holds a stolen session must not guess the password with it. */
const GUESSES: Curve = { free: 5, windowSeconds: 86_400, maxWaitSeconds: 900 };

/** Asks somebody who is signed in for the password once more. */
@Injectable()
export class PresentPassword {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly hasher: PasswordHasher,
    private readonly throttles: ThrottleRepository,
  ) {}

  /** What was checked, when it is right; 400 when it is wrong, 429 after too many guesses. Counted before it is looked at. */
  async check(accountId: string, password: string): Promise<Account> {
    const account = await this.accounts.byId(accountId);
    if (!account) throw platformProblems.not_found();
    const bucket = `password-change:${accountId}`;
    this.hasher.requireRoom();
    const { wait } = await this.throttles.attempt(bucket, GUESSES);
    if (wait > 0) throw identityProblems.too_many_attempts(undefined, { retryAfter: wait });
    if (!(await this.hasher.verify(account.passwordHash, password))) throw identityProblems.wrong_password();
    await this.throttles.reset([bucket]);
    return account;
  }
}
