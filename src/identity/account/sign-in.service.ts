import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { Seldom } from '../../platform/audit/seldom.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { type SecondFactorAsked, SecondStepService } from '../factor/second-step.service.js';
import { identityProblems } from '../identity.errors.js';
import { PasswordHasher } from '../password/password.hasher.service.js';
import { Entrance, type SignedIn } from '../session/entrance.service.js';
import type { Device } from '../session/session.service.js';
import { networkOf } from '../../platform/http/network.js';
import { type Announce, rateLimit } from '../throttle/rate-limit.js';
import {
  FREE_ATTEMPTS,
  PER_NETWORK,
  type SignInBuckets,
  ThrottleRepository,
} from '../throttle/throttle.repository.js';
import { signedInAfterFailuresMail } from './account.mails.js';
import { AccountRepository, type Credentials } from './account.repository.js';

/** So many failures before a success are told to the owner. */
const TOLD_FAILURES = 5;
const MINUTE = 60_000;

export const normalizeEmail = (email: string): string => email.normalize('NFKC').toLowerCase();

type WithPassword = Credentials & { passwordHash: string };
const hasPassword = (account: Credentials): account is WithPassword => account.passwordHash !== null;

/** Signing in. What it answers and how long it takes do not say whether an address has an account. */
@Injectable()
export class SignInService {
  private readonly told = new Seldom(MINUTE);

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly hasher: PasswordHasher,
    private readonly entrance: Entrance,
    private readonly secondSteps: SecondStepService,
    private readonly throttles: ThrottleRepository,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** `announce` is told what is left for the network, also when the sign-in is refused. */
  async signIn(
    input: { email: string; password: string; deviceToken?: string },
    device: Device,
    announce: Announce,
  ): Promise<SignedIn | SecondFactorAsked> {
    const email = normalizeEmail(input.email);
    const known = this.entrance.knows(email, input.deviceToken);
    const buckets = bucketsOf(email, known, device);
    // Before anything is counted: what never comes to the password is no failed attempt.
    this.hasher.requireRoom();
    // Counted before the password is looked at: parallel guesses cannot get past the counter.
    const free = known ? FREE_ATTEMPTS.knownDevice : FREE_ATTEMPTS.unknownDevice;
    const { network, wait, capped } = await this.throttles.signIn(buckets, free);
    announce(rateLimit('network', PER_NETWORK, network));
    if (wait > 0) {
      await this.noteThrottled(email, buckets);
      throw identityProblems.too_many_attempts(undefined, { retryAfter: wait });
    }
    const found = await this.accounts.credentials(email);
    const account = found?.isActive && !capped && hasPassword(found) ? found : null;
    if (!(await this.hasher.verify(account?.passwordHash ?? null, input.password)) || !account) {
      // Written for unknown addresses too: the time that it takes must not tell them apart.
      await this.note('failed', found?.id ?? 'unknown');
      throw identityProblems.invalid_credentials();
    }
    announce(rateLimit('network', PER_NETWORK, { ...network, remaining: network.remaining + 1 }));
    if (!account.isVerified) {
      await this.throttles.settle(buckets);
      throw identityProblems.email_unverified();
    }
    const passwordHash = await this.rehash(account, input.password);
    return this.database.transaction(() => this.comeIn(account, passwordHash, device, buckets));
  }

  private async comeIn(
    { id, email }: Credentials,
    passwordHash: string,
    device: Device,
    buckets: SignInBuckets,
  ): Promise<SignedIn | SecondFactorAsked> {
    const account = await this.accounts.lockActiveOf(email, id);
    // A password that was changed while it was being checked must not open one more session after all were ended.
    if (account?.passwordHash !== passwordHash) throw identityProblems.invalid_credentials();
    const answer = await this.secondSteps.comeIn(account, device, 'pwd');
    const failures = await this.throttles.settle(buckets);
    if (failures >= TOLD_FAILURES) {
      await this.mail.request({
        template: signedInAfterFailuresMail.name,
        subjectId: newId(),
        to: account.email,
        data: { failures, url: `${this.config.publicUrl}/account/forgot` },
      });
    }
    return answer;
  }

  /** Once a minute for each address: whoever is told to wait may ask as often as it likes. */
  private async noteThrottled(email: string, { account }: SignInBuckets): Promise<void> {
    if (!this.told.admits(account)) return;
    await this.note('throttled', (await this.accounts.credentials(email))?.id ?? 'unknown');
  }

  private async note(what: string, subjectId: string): Promise<void> {
    await this.database.transaction(async () => {
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: `identity.sign_in.${what}`,
        subjectType: 'account',
        subjectId,
      });
      await Promise.resolve();
    });
  }

  /** The hash that is kept: one made with weaker parameters is made again. */
  private async rehash(account: WithPassword, password: string): Promise<string> {
    if (!this.hasher.isOutdated(account.passwordHash)) return account.passwordHash;
    const hash = await this.hasher.hash(password);
    if (await this.accounts.rehash(account.id, account.passwordHash, hash)) return hash;
    // Another sign-in was quicker, or somebody has set a new password: it has to be right for what is kept now.
    const present = (await this.accounts.credentials(account.email))?.passwordHash ?? null;
    if (!(await this.hasher.verify(present, password)) || present === null)
      throw identityProblems.invalid_credentials();
    return present;
  }
}

/** One counter for all known devices of an account, so that many of them are not many more guesses. */
const bucketsOf = (email: string, known: boolean, { ip }: Device): SignInBuckets => ({
  network: `network:${networkOf(ip)}`,
  account: `${known ? 'known-device' : 'account'}:${email}`,
});
