import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { SealedPeople } from '../account/sealed-people.service.js';
import { STILL_ENTITLED } from '../impersonation/impersonation.repository.js';

export interface SessionRow {
  id: string;
  accountId: string;
  /** Of the account, sealed: `emailOf` opens it for the few who need it. */
  personal: Buffer;
  kind: 'customer' | 'staff';
  counter: number;
  provedAt: Date;
  methods: string[];
  impersonatorId: string | null;
  refreshedAt: Date;
  live: boolean;
}

/** What the guard needs to know about whoever holds a token. */
export interface Standing {
  accountId: string;
  kind: 'customer' | 'staff';
  emailVerified: boolean;
  mustChangePassword: boolean;
  hasSecondFactor: boolean;
  impersonatorId: string | null;
  permissions: string[];
  /** Codes of customer groups. */
  groups: string[];
}

export interface SessionView {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  ipPrefix: string | null;
  userAgent: string | null;
  amr: string[];
  impersonatorId: string | null;
  impersonationReason: string | null;
}

@Injectable()
export class SessionRepository {
  constructor(
    private readonly database: Database,
    private readonly people: SealedPeople,
  ) {}

  /** Ends the oldest ones beyond fifty and returns their ids: nobody is signed in at more places. */
  async insert(session: {
    id: string;
    accountId: string;
    /** Seconds. */
    idle: number;
    absolute: number;
    ipPrefix: string | null;
    userAgent: string | null;
    methods: readonly string[];
  }): Promise<string[]> {
    const { id, accountId, idle, absolute, ipPrefix, userAgent, methods } = session;
    const values = [id, accountId, idle, absolute, ipPrefix, userAgent, MAX_LIVE - 1, methods];
    const rows = await this.database.query<{ id: string }>(INSERT, values);
    return rows.map((row) => row.id);
  }

  async lock(id: string): Promise<SessionRow | null> {
    const [row] = await this.database.query<SessionRow>(LOCK, [id]);
    return row ?? null;
  }

  /** Of whoever holds the session; null when it was erased. */
  async emailOf({ accountId, personal }: SessionRow): Promise<string | null> {
    return (await this.people.open({ id: accountId, personal }))?.email ?? null;
  }

  /** The holder has proved itself again; null when the session is over. */
  async prove(id: string, methods: readonly string[]): Promise<SessionRow | null> {
    const session = await this.lock(id);
    if (!session?.live) return null;
    const [row] = await this.database.query<Pick<SessionRow, 'provedAt' | 'methods'>>(PROVE, [id, methods]);
    return row ? { ...session, ...row } : null;
  }

  async rotate(id: string, idle: number): Promise<void> {
    await this.database.execute(ROTATE, [id, idle]);
  }

  /** Null when the session is over or its account may not act. One look for each request that brings a token. */
  async standing(id: string): Promise<Standing | null> {
    const [row] = await this.database.query<Standing>(STANDING, [id]);
    return row ?? null;
  }

  async revoke(id: string, because: string): Promise<boolean> {
    return (await this.database.execute(REVOKE, [id, because])) === 1;
  }

  /** All of the account, those in which it acts in the place of others too, but the one to keep, if any. */
  async revokeAllOf(accountId: string, because: string, except: string | null): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(REVOKE_ALL, [accountId, because, except]);
    return rows.map(({ id }) => id);
  }

  async revokeOwn(id: string, accountId: string): Promise<boolean> {
    return (await this.database.execute(`${REVOKE} AND account_id = $3`, [id, 'by_owner', accountId])) === 1;
  }

  live(accountId: string): Promise<SessionView[]> {
    return this.database.query<SessionView>(LIVE, [accountId]);
  }
}

const MAX_LIVE = 50;
const INSERT = `
  WITH made AS (
    INSERT INTO identity.sessions (id, account_id, idle_until, ends_at, ip_prefix, user_agent, methods)
    VALUES ($1, $2, now() + make_interval(secs => $3), now() + make_interval(secs => $4), $5, $6, $8)
  )
  UPDATE identity.sessions SET revoked_at = now(), revoked_because = 'too_many' WHERE id IN (
    SELECT id FROM identity.sessions
    WHERE account_id = $2 AND impersonator_id IS NULL AND revoked_at IS NULL AND ends_at > now() AND idle_until > now() ORDER BY id DESC OFFSET $7)
  RETURNING id`;
const LOCK = `
  SELECT s.id, s.account_id AS "accountId", a.personal, a.kind, s.counter, s.proved_at AS "provedAt", s.methods, s.impersonator_id AS "impersonatorId", s.refreshed_at AS "refreshedAt",
    s.revoked_at IS NULL AND s.idle_until > now() AND s.ends_at > now() AND a.status = 'active'
      AND s.impersonator_id IS NULL AS live
  FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id WHERE s.id = $1 FOR UPDATE OF s`;
const ROTATE = `
  UPDATE identity.sessions SET counter = counter + 1, refreshed_at = clock_timestamp(), idle_until = now() + make_interval(secs => $2) WHERE id = $1`;
// What was proved at the sign-in goes on counting beside what is proved now.
const PROVE = `
  UPDATE identity.sessions SET proved_at = clock_timestamp(), methods = ARRAY(SELECT DISTINCT unnest(methods || $2::text[]) ORDER BY 1)
  WHERE id = $1 RETURNING proved_at AS "provedAt", methods`;
const STANDING = `
  SELECT a.id AS "accountId", a.kind, a.email_verified_at IS NOT NULL AS "emailVerified", a.must_change_password AS "mustChangePassword",
    a.second_factor AS "hasSecondFactor", s.impersonator_id AS "impersonatorId",
    ARRAY(SELECT DISTINCT unnest(r.permissions) FROM identity.account_roles ar JOIN identity.roles r ON r.code = ar.role
      WHERE ar.account_id = a.id) AS permissions,
    ARRAY(SELECT g.code FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id
      WHERE m.account_id = a.id ORDER BY g.code) AS groups
  FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
  WHERE s.id = $1 AND s.revoked_at IS NULL AND s.ends_at > now() AND a.status = 'active' AND ${STILL_ENTITLED}`;
const REVOKE = `
  UPDATE identity.sessions SET revoked_at = now(), revoked_because = $2 WHERE id = $1 AND revoked_at IS NULL`;
const REVOKE_ALL = `
  UPDATE identity.sessions SET revoked_at = now(), revoked_because = $2 WHERE (account_id = $1 OR impersonator_id = $1)
    AND revoked_at IS NULL AND id IS DISTINCT FROM $3::uuid
  RETURNING id`;
const LIVE = `
  SELECT id, created_at AS "createdAt", refreshed_at AS "lastSeenAt", ip_prefix AS "ipPrefix", user_agent AS "userAgent",
    methods AS amr, impersonator_id AS "impersonatorId", impersonation_reason AS "impersonationReason"
  FROM identity.sessions s WHERE account_id = $1 AND revoked_at IS NULL AND ends_at > now() AND idle_until > now()
    AND ${STILL_ENTITLED}
  ORDER BY id DESC LIMIT 100`;
