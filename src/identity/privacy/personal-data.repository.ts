import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

interface Row {
  id: string;
}

/** What hangs on an account, as it is told to its owner: secrets and hashes are left out. */
@Injectable()
export class AccountPersonalDataRepository {
  constructor(private readonly database: Database) {}

  consents(accountId: string, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(CONSENTS, [accountId, after?.id ?? null, limit]);
  }

  sessions(accountId: string, after: Row | null, limit: number): Promise<Row[]> {
    return this.database.query<Row>(SESSIONS, [accountId, after?.id ?? null, limit]);
  }

  groups(accountId: string): Promise<object[]> {
    return this.database.query(GROUPS, [accountId]);
  }

  providers(accountId: string): Promise<object[]> {
    return this.database.query(PROVIDERS, [accountId]);
  }

  secondFactors(accountId: string): Promise<object[]> {
    return this.database.query(SECOND_FACTORS, [accountId]);
  }

  factorResets(accountId: string): Promise<object[]> {
    return this.database.query(FACTOR_RESETS, [accountId]);
  }

  /** Copies that were made, and erasures that were begun and canceled: nobody needs them any more. */
  async deleteRequests(accountId: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.exports WHERE subject_id = $1', [accountId]);
    await this.database.execute(
      'DELETE FROM identity.erasures WHERE subject_id = $1 AND canceled_at IS NOT NULL',
      [accountId],
    );
  }
}

const CONSENTS = `
  SELECT id, given, at, source, text_version AS "textVersion", wording, ip_prefix AS "ipPrefix"
  FROM identity.marketing_consents WHERE account_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
const SESSIONS = `
  SELECT id, created_at AS "createdAt", refreshed_at AS "lastSeenAt", ends_at AS "endsAt", revoked_at AS "endedAt",
    revoked_because AS "endedBecause", ip_prefix AS "ipPrefix", user_agent AS "userAgent", methods,
    impersonator_id IS NOT NULL AS "openedByStaff", impersonation_reason AS "openedBecause"
  FROM identity.sessions WHERE account_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
const GROUPS = `
  SELECT g.code, g.title, m.since FROM identity.customer_group_members m
  JOIN identity.customer_groups g ON g.id = m.group_id WHERE m.account_id = $1 ORDER BY g.code`;
const PROVIDERS = `
  SELECT provider, issuer, subject, created_at AS "linkedAt", last_used_at AS "lastUsedAt"
  FROM identity.provider_links WHERE account_id = $1 ORDER BY provider`;
const SECOND_FACTORS = `
  SELECT 'totp' AS kind, created_at AS "createdAt", confirmed_at AS "confirmedAt"
  FROM identity.totp_factors WHERE account_id = $1`;
const FACTOR_RESETS = `
  SELECT asked_at AS "askedAt", reason, due_at AS "dueAt", outcome, ended_at AS "endedAt"
  FROM identity.factor_resets WHERE account_id = $1 ORDER BY id`;
