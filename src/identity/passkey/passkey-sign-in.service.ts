import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { AccountRepository } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import { Entrance, type SignedIn } from '../session/entrance.service.js';
import type { Device } from '../session/session.service.js';
import { networkOf } from '../../platform/http/network.js';
import { type Announce, rateLimit } from '../throttle/rate-limit.js';
import { type Quota, ThrottleRepository } from '../throttle/throttle.repository.js';
import { Assertions } from './assertion.service.js';
import type { CredentialProofDto } from './passkey.dto.js';
import { PasskeyRepository } from './passkey.repository.js';

/** Each asking leaves a row for five minutes, so a network may not ask without end. */
const PER_NETWORK: Quota = { free: 300, windowSeconds: 900 };

/** Signing in with a passkey alone: no address, no password. It counts as two factors. */
@Injectable()
export class PasskeySignIn {
  constructor(
    private readonly database: Database,
    private readonly assertions: Assertions,
    private readonly passkeys: PasskeyRepository,
    private readonly accounts: AccountRepository,
    private readonly entrance: Entrance,
    private readonly throttles: ThrottleRepository,
  ) {}

  /** `accountId`: who is signed in and proves itself again; null: whoever wants to sign in. */
  async options(accountId: string | null, ip: string, announce: Announce): Promise<object> {
    const counted = await this.throttles.attempt(`passkey-options:${networkOf(ip)}`, PER_NETWORK);
    announce(rateLimit('passkeys', PER_NETWORK, counted));
    if (counted.wait > 0) throw identityProblems.too_many_attempts(undefined, { retryAfter: counted.wait });
    return this.assertions.options(accountId);
  }

  async signIn(credential: CredentialProofDto, device: Device): Promise<SignedIn> {
    const { accountId, passkeyId, methods } = await this.assertions.verify(credential, null);
    return this.database.transaction(async () => {
      const account = await this.accounts.lockActive(accountId);
      // A passkey that was taken away while it signed must not open one more session after all were ended.
      if (!account?.isVerified || !(await this.passkeys.exists(passkeyId)))
        throw identityProblems.invalid_assertion();
      return this.entrance.open(account, device, methods);
    });
  }
}
