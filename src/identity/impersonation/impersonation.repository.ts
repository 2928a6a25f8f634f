import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/**
 * The session `s` is nobody's impersonation, or that person may still do it: is active, has the permission, and the session
 * that it was begun in is not over.
 */
export const STILL_ENTITLED = `(s.impersonator_id IS NULL OR EXISTS (
  SELECT FROM identity.accounts i JOIN identity.sessions o ON o.account_id = i.id
  WHERE i.id = s.impersonator_id AND i.status = 'active'
    AND o.id = s.impersonator_session_id AND o.revoked_at IS NULL AND o.ends_at > now()
    AND EXISTS (SELECT FROM identity.account_roles ar JOIN identity.roles r ON r.code = ar.role
      WHERE ar.account_id = i.id AND r.permissions && '{*,identity:customer:impersonate}'::text[])))`;

/** Sessions in which staff act in the place of customers. */
@Injectable()
export class ImpersonationRepository {
  constructor(private readonly database: Database) {}

  async insert(session: {
    id: string;
    accountId: string;
    seconds: number;
    ipPrefix: string | null;
    userAgent: string | null;
    methods: readonly string[];
    impersonatorId: string;
    impersonatorSessionId: string;
    reason: string;
  }): Promise<void> {
    const { id, accountId, seconds, ipPrefix, userAgent, methods } = session;
    const { impersonatorId, impersonatorSessionId, reason } = session;
    const values = [id, accountId, seconds, ipPrefix, userAgent, methods];
    await this.database.execute(INSERT, [...values, impersonatorId, impersonatorSessionId, reason]);
  }

  /** Those of this person in the place of that customer; the ids of those that were not over. */
  async end(impersonatorId: string, accountId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(END, [impersonatorId, accountId]);
    return rows.map(({ id }) => id);
  }

  /** What people may do has changed: all whose impersonator may it no longer, for good. */
  async endUnentitled(): Promise<void> {
    await this.database.execute(END_UNENTITLED);
  }
}

const INSERT = `
  INSERT INTO identity.sessions (id, account_id, idle_until, ends_at, ip_prefix, user_agent, methods, impersonator_id,
    impersonator_session_id, impersonation_reason)
  VALUES ($1, $2, now() + make_interval(secs => $3), now() + make_interval(secs => $3), $4, $5, $6, $7, $8, $9)`;
const END = `
  UPDATE identity.sessions SET revoked_at = now(), revoked_because = 'by_impersonator'
  WHERE impersonator_id = $1 AND account_id = $2 AND revoked_at IS NULL AND ends_at > now() RETURNING id`;
const END_UNENTITLED = `
  UPDATE identity.sessions s SET revoked_at = now(), revoked_because = 'rights_lost'
  WHERE s.impersonator_id IS NOT NULL AND s.revoked_at IS NULL AND s.ends_at > now() AND NOT ${STILL_ENTITLED}`;
