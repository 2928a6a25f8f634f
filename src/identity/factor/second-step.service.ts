import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { AccountRepository, type Credentials } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import { Entrance, type SignedIn } from '../session/entrance.service.js';
import type { Device } from '../session/session.service.js';
import { ChallengeRepository, type FirstMethod } from './challenge.repository.js';
import { FactorRepository, methodsOf, type SecondMethod } from './factor.repository.js';
import { type GivenCode, SecondFactor } from './second-factor.service.js';

/** Codes that one challenge takes before it is dead. */
const TRIES = 5;

/** The first step was right, and one of these has to follow within five minutes. */
export interface SecondFactorAsked {
  status: 'mfa_required';
  challenge: string;
  methods: SecondMethod[];
}

/** The second step of a sign-in: the password was right, or a provider vouches, and a code is asked for. */
@Injectable()
export class SecondStepService {
  constructor(
    private readonly database: Database,
    private readonly challenges: ChallengeRepository,
    private readonly factors: FactorRepository,
    private readonly secondFactor: SecondFactor,
    private readonly accounts: AccountRepository,
    private readonly entrance: Entrance,
  ) {}

  /** After the first step, in the caller's transaction, which holds the account: in, or on to the second. */
  async comeIn(
    account: Credentials,
    device: Device,
    first: FirstMethod,
  ): Promise<SignedIn | SecondFactorAsked> {
    if (!account.hasSecondFactor) return this.entrance.open(account, device, [first]);
    const challenge = await this.challenges.make('second_factor', account.id, first);
    return { status: 'mfa_required', challenge, methods: methodsOf(await this.factors.view(account.id)) };
  }

  async verify(challenge: string, given: GivenCode, device: Device): Promise<SignedIn> {
    const tried = await this.challenges.countTry('second_factor', challenge);
    if (!tried) throw identityProblems.challenge_expired();
    const { accountId, first, tries, secondsLeft } = tried;
    if (tries > TRIES)
      throw identityProblems.too_many_attempts('This sign-in took its five codes; start another.', {
        retryAfter: secondsLeft,
      });
    if (!(await this.secondFactor.take(accountId, given))) throw identityProblems.invalid_code();
    return this.database.transaction(async () => {
      // The lock comes first: a password that is set meanwhile cancels the challenge, and the account may be disabled.
      const account = await this.accounts.lockActive(accountId);
      if (!account || !(await this.challenges.use('second_factor', challenge, accountId)))
        throw identityProblems.challenge_expired();
      return this.entrance.open(account, device, [first, 'otp']);
    });
  }
}
