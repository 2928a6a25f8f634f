import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface NewApiKey {
  id: string;
  name: string;
  creatorId: string;
  hash: Buffer;
  scopes: string[];
  networks: string[];
  days: number;
}

export type ApiKeyState = 'active' | 'expired' | 'revoked';

export interface ApiKeyView {
  id: string;
  name: string;
  creatorId: string;
  scopes: string[];
  networks: string[];
  state: ApiKeyState;
  createdAt: Date;
  rotatedAt: Date | null;
  overlapUntil: Date | null;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** A token that was got with a key. */
export interface KeyToken {
  jti: string;
  /** To the second. */
  issuedAt: Date;
}

/** What a key that is good may do now, whoever shows it. */
export interface KeyStanding {
  id: string;
  creatorId: string;
  hash: Buffer;
  /** Of the secret before the last rotation, as long as it goes on. */
  previousHash: Buffer | null;
  networks: string[];
  /** What the key was made for, less what its creator may not do any more. */
  scopes: string[];
  expiresAt: Date;
  lastUsedAt: Date | null;
}

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly database: Database) {}

  async insert({ id, name, creatorId, hash, scopes, networks, days }: NewApiKey): Promise<void> {
    await this.database.execute(INSERT, [id, name, creatorId, hash, scopes, networks, days]);
  }

  async view(id: string): Promise<ApiKeyView | null> {
    const [row] = await this.database.query<ApiKeyView>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** Holds the key until the end of the transaction. */
  async lock(id: string): Promise<ApiKeyView | null> {
    const [row] = await this.database.query<ApiKeyView>(`${VIEW} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  list(
    creatorId: string | null,
    state: string | null,
    after: string | null,
    limit: number,
  ): Promise<ApiKeyView[]> {
    return this.database.query<ApiKeyView>(LIST, [creatorId, state, after, limit]);
  }

  /** A new secret and a new life; the secret before goes on for so many hours. */
  async rotate(id: string, hash: Buffer, overlapHours: number, days: number): Promise<void> {
    await this.database.execute(ROTATE, [id, hash, overlapHours, days]);
  }

  /** False when it was revoked before. */
  async revoke(id: string): Promise<boolean> {
    return (await this.database.execute(REVOKE, [id])) === 1;
  }

  /** Ends every key that somebody made; the ids of those that were not over already. */
  async revokeAllOf(creatorId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(REVOKE_ALL, [creatorId]);
    return rows.map(({ id }) => id);
  }

  /**
   * Null when the key is over, its creator may not act, or the token that was got with it was taken back, or was got with a
   * secret that was replaced and does not go on. One look for each request that brings a key or such a token.
   */
  async standing(id: string, token: KeyToken | null): Promise<KeyStanding | null> {
    const values = [id, token?.jti ?? null, token?.issuedAt ?? null];
    const [row] = await this.database.query<KeyStanding>(STANDING, values);
    return row ?? null;
  }

  /** Once a minute at the most, whichever process asks. */
  async touch(id: string): Promise<void> {
    await this.database.execute(TOUCH, [id]);
  }
}

const INSERT = `
  INSERT INTO identity.api_keys (id, name, creator_id, secret_hash, scopes, networks, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))`;
const STATE = `CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'active' END`;
const VIEW = `
  SELECT id, name, creator_id AS "creatorId", scopes, networks, ${STATE} AS state, created_at AS "createdAt", rotated_at AS "rotatedAt",
    CASE WHEN previous_until > now() THEN previous_until END AS "overlapUntil", expires_at AS "expiresAt",
    last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
  FROM identity.api_keys`;
const LIST = `
  ${VIEW} WHERE ($1::uuid IS NULL OR creator_id = $1) AND ($2::text IS NULL OR ${STATE} = $2) AND ($3::uuid IS NULL OR id < $3)
  ORDER BY id DESC LIMIT $4`;
const ROTATE = `
  UPDATE identity.api_keys SET secret_hash = $2, rotated_at = now(), expires_at = now() + make_interval(days => $4),
    previous_hash = CASE WHEN $3 > 0 THEN secret_hash END,
    previous_until = CASE WHEN $3 > 0 THEN now() + make_interval(hours => $3) END
  WHERE id = $1`;
const REVOKE = 'UPDATE identity.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL';
const REVOKE_ALL =
  'UPDATE identity.api_keys SET revoked_at = now() WHERE creator_id = $1 AND revoked_at IS NULL RETURNING id';
const STANDING = `
  SELECT k.id, k.creator_id AS "creatorId", k.secret_hash AS hash, CASE WHEN k.previous_until > now() THEN k.previous_hash END AS "previousHash",
    k.networks, k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt",
    ARRAY(SELECT scope FROM unnest(k.scopes) AS scope WHERE EXISTS (
      SELECT FROM identity.account_roles ar JOIN identity.roles r ON r.code = ar.role
      WHERE ar.account_id = a.id AND r.permissions && ARRAY[scope, '*']) ORDER BY scope) AS scopes
  FROM identity.api_keys k JOIN identity.accounts a ON a.id = k.creator_id
  WHERE k.id = $1 AND k.revoked_at IS NULL AND k.expires_at > now() AND a.status = 'active'
    AND NOT EXISTS (SELECT FROM identity.revoked_tokens WHERE jti = $2::uuid)
    AND ($3::timestamptz IS NULL OR k.rotated_at IS NULL OR k.previous_until IS NOT NULL
      OR $3 >= date_trunc('second', k.rotated_at))`;
const TOUCH = `
  UPDATE identity.api_keys SET last_used_at = now()
  WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`;
