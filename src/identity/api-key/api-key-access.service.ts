import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Seldom } from '../../platform/audit/seldom.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { type Announce, rateLimit } from '../throttle/rate-limit.js';
import { type Quota, ThrottleRepository } from '../throttle/throttle.repository.js';
import { isOneOf, type KeyMode, readKey } from './api-key.js';
import { ApiKeyRepository, type KeyStanding, type KeyToken } from './api-key.repository.js';
import { isWithin } from './networks.js';

/** How long a revoked key may still be believed in another process. */
const STANDING_MS = 1_000;
const MAX_CACHED = 10_000;
const TOUCH_MS = 60_000;
const MINUTE = 60_000;

/** Looks at keys that are shown, and counts what is done with them. */
@Injectable()
export class ApiKeyAccess {
  private readonly log = new Logger('api-keys');
  private readonly mode: KeyMode;
  private readonly quota: Quota;
  private readonly known = new Map<string, { standing: KeyStanding | null; until: number }>();
  /** Counts what was forgotten: what was asked before that is not kept. */
  private forgotten = 0;
  private readonly told = new Seldom(MINUTE);

  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeyRepository,
    private readonly throttles: ThrottleRepository,
    private readonly audit: Audit,
    config: Config,
  ) {
    this.mode = config.production ? 'live' : 'test';
    this.quota = { free: config.apiKeyRequests, windowSeconds: 60 };
  }

  /** What the holder of a key may do from this address now; null when it is wrong, over, or not for this address. */
  async byKey(text: string, ip: string): Promise<KeyStanding | null> {
    return this.used(await this.look(text), ip);
  }

  /** The same for a token that was got with a key. */
  async byToken(keyId: string, token: KeyToken, ip: string): Promise<KeyStanding | null> {
    return this.used(await this.standing(keyId, token), ip);
  }

  /** What a key is worth, whoever asks and from wherever; it is not used by that. */
  async look(text: string): Promise<KeyStanding | null> {
    const shown = readKey(this.mode, text);
    const standing = shown && (await this.standing(shown.id));
    if (!standing) return null;
    if (isOneOf(shown.hash, [standing.hash, standing.previousHash])) return standing;
    await this.refused(standing.id, 'secret');
    return null;
  }

  /** Counts a request; 429 when the key has had its share of the minute. */
  async count(keyId: string, announce: Announce): Promise<void> {
    const counted = await this.throttles.attempt(`api-key:${keyId}`, this.quota);
    announce(rateLimit('key', this.quota, counted));
    if (counted.wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: counted.wait });
  }

  /** Keys, or what their creators may do, have changed: counts in this process when the transaction is over. */
  forget(): void {
    this.database.afterCommit(() => {
      this.forgotten += 1;
      this.known.clear();
    });
  }

  /** Somebody has a living key or knows its id, and it did not serve: noted once a minute. The caller is told nothing. */
  private async refused(keyId: string, because: 'secret' | 'network'): Promise<void> {
    if (!this.told.admits(`${keyId} ${because}`)) return;
    await this.database.transaction(() => {
      this.audit.record({
        actor: system('identity'),
        action: 'identity.api_key.refused',
        subjectType: 'api_key',
        subjectId: keyId,
        details: { because },
      });
      return Promise.resolve();
    });
  }

  private async used(standing: KeyStanding | null, ip: string): Promise<KeyStanding | null> {
    if (!standing) return null;
    if (standing.networks.length > 0 && !isWithin(ip, standing.networks)) {
      await this.refused(standing.id, 'network');
      return null;
    }
    const now = realNow();
    if (now.getTime() - (standing.lastUsedAt?.getTime() ?? 0) >= TOUCH_MS) {
      standing.lastUsedAt = now;
      // Nobody waits for it, and a request does not fail because of it.
      this.keys.touch(standing.id).catch((error: unknown) => this.log.debug({ err: error }, 'use not noted'));
    }
    return standing;
  }

  /** At most a second old. `token`: that was got with it, if it is not the key itself. */
  async standing(id: string, token: KeyToken | null = null): Promise<KeyStanding | null> {
    const now = realNow().getTime();
    const place = `${id} ${token?.jti ?? ''}`;
    const known = this.known.get(place);
    if (known && known.until > now) return known.standing;
    const { forgotten } = this;
    const standing = await this.keys.standing(id, token);
    if (this.known.size >= MAX_CACHED) this.known.clear();
    if (forgotten === this.forgotten) this.known.set(place, { standing, until: now + STANDING_MS });
    return standing;
  }
}
