import { Injectable } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { sessionStolenMail } from '../account/account.mails.js';
import { identityProblems } from '../identity.errors.js';
import { placeOf } from '../../platform/http/network.js';
import { AccessTokens } from '../token/access-tokens.service.js';
import { judgeRefresh, readRefreshToken, refreshToken } from './refresh-token.js';
import { SessionRepository, type SessionRow, type SessionView, type Standing } from './session.repository.js';

export interface AccessToken {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

export interface Tokens extends AccessToken {
  refreshToken: string;
  /** For which the refresh token lives when it is not used: for a cookie, not for the body of an answer. */
  idleSeconds: number;
}

export interface Device {
  ip: string;
  userAgent: string | null;
}

type Kind = 'customer' | 'staff';
type Issuing = Pick<SessionRow, 'id' | 'accountId' | 'kind' | 'provedAt' | 'methods' | 'impersonatorId'>;

/**
 * Seconds until nothing came (idle) and at the latest (absolute); staff sessions are short. Source: ASVS 10.4.8,
 * NIST 800-63B.
 */
const LIFETIMES: Record<Kind, { idle: number; absolute: number }> = {
  customer: { idle: 30 * 86_400, absolute: 90 * 86_400 },
  staff: { idle: 3_600, absolute: 12 * 3_600 },
};
/** How long a revoked session may still be believed in this process. */
const STANDING_MS = 1_000;
const MAX_CACHED = 10_000;

/** Who is signed in where. A session is a family of refresh tokens. */
@Injectable()
export class SessionService {
  private readonly key: Buffer;
  private readonly graceMs: number;
  private readonly standings = new Map<string, { standing: Standing | null; until: number }>();

  constructor(
    private readonly database: Database,
    private readonly sessions: SessionRepository,
    private readonly tokens: AccessTokens,
    private readonly audit: Audit,
    private readonly mail: Mail,
    config: Config,
  ) {
    this.key = config.key('refresh-token');
    this.graceMs = config.refreshGraceSeconds * 1_000;
  }

  /** In the caller's transaction, which holds the account's row: so fifty are fifty, however many come at once. */
  async open(accountId: string, kind: Kind, device: Device, methods: readonly string[]): Promise<Tokens> {
    const id = newId();
    const ended = await this.sessions.insert({
      id,
      accountId,
      ...LIFETIMES[kind],
      ipPrefix: placeOf(device.ip),
      userAgent: device.userAgent?.slice(0, 200) ?? null,
      methods,
    });
    this.forget(ended);
    const session = { id, accountId, kind, provedAt: realNow(), methods: [...methods], impersonatorId: null };
    return this.issue(session, 0);
  }

  /** Gives the next pair of tokens; a token that was used before ends the whole family. */
  async refresh(token: string): Promise<Tokens> {
    const read = readRefreshToken(this.key, token);
    if (!read) throw identityProblems.invalid_refresh_token();
    const tokens = await this.database.transaction(async () => {
      const session = await this.sessions.lock(read.sessionId);
      if (!session?.live) return null;
      const { id, accountId, kind, counter } = session;
      switch (judgeRefresh(read.counter, session, realNow(), this.graceMs)) {
        case 'rotate':
          await this.sessions.rotate(id, LIFETIMES[kind].idle);
          return this.issue(session, counter + 1);
        case 'repeat':
          return this.issue(session, counter);
        case 'reuse':
          await this.sessions.revoke(id, 'refresh_reuse');
          this.audit.record({
            actor: system('identity'),
            action: 'identity.session.refresh_reuse_detected',
            subjectType: 'account',
            subjectId: accountId,
          });
          await this.warn(session);
          this.forget([id]);
          return null;
      }
    });
    if (!tokens) throw identityProblems.invalid_refresh_token();
    return tokens;
  }

  /**
   * The holder has proved itself again by these ways: an access token that says so. Null when the session is over. In the
   * caller's transaction.
   */
  async prove(id: string, methods: readonly string[]): Promise<AccessToken | null> {
    const session = await this.sessions.prove(id, methods);
    return session && this.accessToken(session);
  }

  /** Ends the family of this token; a dead or foreign token is no fault. */
  async signOut(token: string): Promise<void> {
    const read = readRefreshToken(this.key, token);
    if (!read) return;
    await this.database.transaction(async () => {
      const session = await this.sessions.lock(read.sessionId);
      if (!session?.live) return;
      const { id, accountId } = session;
      await this.revoke(id, 'signed_out');
      this.audit.record({
        actor: system('identity'),
        action: 'identity.session.signed_out',
        subjectType: 'account',
        subjectId: accountId,
        details: { sessionId: id },
      });
    });
  }

  async revoke(id: string, because: string): Promise<void> {
    await this.sessions.revoke(id, because);
    this.forget([id]);
  }

  /** False when the account has no such live session. */
  async revokeOwn(id: string, accountId: string): Promise<boolean> {
    const revoked = await this.sessions.revokeOwn(id, accountId);
    this.forget([id]);
    return revoked;
  }

  /** All of the account but the one to keep, if any, which is looked at afresh. In the caller's transaction. */
  async revokeAllOf(accountId: string, because: string, except: string | null = null): Promise<void> {
    const ids = await this.sessions.revokeAllOf(accountId, because, except);
    this.forget(except === null ? ids : [...ids, except]);
  }

  /** What the session may do has changed, in the running transaction. */
  lookAfresh(id: string): void {
    this.forget([id]);
  }

  list(accountId: string): Promise<SessionView[]> {
    return this.sessions.live(accountId);
  }

  /** What the holder of a session may do; at most a second old, so that sign-out, ban and lost roles bite at once. */
  async standing(id: string): Promise<Standing | null> {
    const now = realNow().getTime();
    const known = this.standings.get(id);
    if (known && known.until > now) return known.standing;
    const standing = await this.sessions.standing(id);
    if (this.standings.size >= MAX_CACHED) this.standings.clear();
    this.standings.set(id, { standing, until: now + STANDING_MS });
    return standing;
  }

  /** What people may do has changed: all are looked at afresh when the transaction is over. */
  forgetAll(): void {
    this.database.afterCommit(() => this.standings.clear());
  }

  private async warn(session: SessionRow): Promise<void> {
    const to = await this.sessions.emailOf(session);
    const letter = { template: sessionStolenMail.name, subjectId: session.id, data: {} };
    if (to !== null) await this.mail.request({ ...letter, to });
  }

  private forget(ids: string[]): void {
    this.database.afterCommit(() => ids.forEach((id) => this.standings.delete(id)));
  }

  private async issue(session: Issuing, counter: number): Promise<Tokens> {
    return {
      ...(await this.accessToken(session)),
      refreshToken: refreshToken(this.key, session.id, counter),
      idleSeconds: LIFETIMES[session.kind].idle,
    };
  }

  private async accessToken(session: Issuing): Promise<AccessToken> {
    const { token, expiresIn } = await this.tokens.sign(session);
    return { accessToken: token, tokenType: 'Bearer', expiresIn };
  }
}
