import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { identityProblems } from '../identity.errors.js';
import { PasswordHasher } from '../password/password.hasher.service.js';
import { type Device, SessionService, type Tokens } from '../session/session.service.js';
import { type Limit, ThrottleRepository } from '../throttle/throttle.repository.js';
import type { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';

/** NIST 800-63B 5.2.2 and OWASP: wait longer after each failure, never longer than a quarter of an hour. */
const PER_ACCOUNT: Limit = { free: 5, windowSeconds: 86_400, maxWaitSeconds: 900 };
const PER_NETWORK: Limit = { free: 30, windowSeconds: 900 };

export const normalizeEmail = (email: string): string => email.normalize('NFKC').toLowerCase();

/** Signing in. What it answers and how long it takes do not say whether an address has an account. */
@Injectable()
export class SignInService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly throttles: ThrottleRepository,
    private readonly audit: Audit,
  ) {}

  async signIn(address: string, password: string, device: Device): Promise<Tokens> {
    const email = normalizeEmail(address);
    const buckets = [`account:${email}`, `network:${networkOf(device.ip)}`] as const;
    await this.count(buckets);
    const account = await this.accounts.byEmail(email);
    const right = await this.hasher.verify(account?.passwordHash ?? null, password);
    if (!account || !right || !account.isActive) {
      // Written for unknown addresses too: the time that it takes must not tell them apart.
      await this.noteFailure(account);
      throw identityProblems.invalid_credentials();
    }
    await this.throttles.reset(buckets[0]);
    await this.throttles.takeBack(buckets[1], PER_NETWORK);
    if (!account.isVerified) throw identityProblems.email_unverified();
    await this.rehash(account, password);
    return this.database.transaction(async () => {
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: 'identity.session.started',
        subjectType: 'account',
        subjectId: account.id,
      });
      return this.sessions.open(account.id, account.kind, device);
    });
  }

  /** Counted before the password is looked at: parallel guesses cannot get past the counter. */
  private async count([account, network]: readonly [string, string]): Promise<void> {
    // The network first: one that is stopped must not go on locking out the owners of addresses.
    const wait =
      (await this.throttles.attempt(network, PER_NETWORK)) ||
      (await this.throttles.attempt(account, PER_ACCOUNT));
    if (wait > 0) throw identityProblems.too_many_attempts(undefined, { retryAfter: wait });
  }

  private async noteFailure(account: Account | null): Promise<void> {
    await this.database.transaction(async () => {
      this.audit.record({
        actor: { kind: 'system', name: 'identity' },
        action: 'identity.sign_in.failed',
        subjectType: 'account',
        subjectId: account?.id ?? 'unknown',
      });
      await Promise.resolve();
    });
  }

  private async rehash(account: Account, password: string): Promise<void> {
    if (!this.hasher.isOutdated(account.passwordHash)) return;
    await this.accounts.rehash(account.id, account.passwordHash, await this.hasher.hash(password));
  }
}

/** An IPv6 network is handed out as /64: single addresses say nothing. */
function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:/, '');
  return plain.includes('.') ? plain : plain.split(':').slice(0, 4).join(':');
}
