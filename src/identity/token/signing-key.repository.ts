import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** `next` is published and signs nothing yet, `active` signs, `retiring` is only checked with, `gone` is not known any more. */
export type SigningKeyState = 'next' | 'active' | 'retiring' | 'gone';

export interface NewKey {
  kid: string;
  publicJwk: object;
  privateSealed: Buffer;
}

export interface SigningKeyRow {
  kid: string;
  publicJwk: Record<string, string>;
  /** Only of what signs or will sign. */
  privateSealed: Buffer | null;
  state: Exclude<SigningKeyState, 'gone'>;
}

export interface SigningKeyView {
  kid: string;
  state: SigningKeyState;
  createdAt: Date;
  activatedAt: Date | null;
  retiredAt: Date | null;
  goneAt: Date | null;
}

/** How long the keys have been what they are, in seconds; null when there is none. */
export interface KeyAges {
  active: number | null;
  next: number | null;
}

@Injectable()
export class SigningKeyRepository {
  constructor(private readonly database: Database) {}

  /** All that tokens are signed or checked with. `retiringSeconds`: how long a key is checked with after its last signature. */
  known(retiringSeconds: number): Promise<SigningKeyRow[]> {
    return this.database.query<SigningKeyRow>(KNOWN, [retiringSeconds]);
  }

  /** Those of now and the last few that are gone. */
  list(): Promise<SigningKeyView[]> {
    return this.database.query<SigningKeyView>(LIST);
  }

  /** When there is a key of that state already, that one stays. */
  async insert(state: 'next' | 'active', { kid, publicJwk, privateSealed }: NewKey): Promise<void> {
    await this.database.execute(INSERT, [kid, JSON.stringify(publicJwk), privateSealed, state]);
  }

  /** The same private part, sealed with another key: only while it is still the one that was read. */
  async sealAnew(kid: string, from: Buffer | null, to: Buffer): Promise<void> {
    await this.database.execute(SEAL_ANEW, [kid, from, to]);
  }

  /** One rotation at a time, until the end of the transaction; nobody waits to read. */
  async lock(): Promise<KeyAges> {
    await this.database.execute('LOCK TABLE identity.signing_keys IN SHARE ROW EXCLUSIVE MODE');
    const [ages] = await this.database.query<KeyAges>(AGES);
    return ages ?? { active: null, next: null };
  }

  /** The next key signs from now on, and the one before it does not. Returns both ids. */
  async promote(): Promise<{ from: string | null; to: string }> {
    const [from] = await this.database.query<{ kid: string }>(RETIRE);
    const [to] = await this.database.query<{ kid: string }>(PROMOTE);
    if (!to) throw new Error('there is no next key');
    return { from: from?.kid ?? null, to: to.kid };
  }

  /** Nothing that was signed so far counts any more. Returns the ids. */
  async dropAll(): Promise<string[]> {
    const rows = await this.database.query<{ kid: string }>(DROP_ALL);
    return rows.map(({ kid }) => kid);
  }

  /** Ids of those whose last token is over. */
  async dropRetired(retiringSeconds: number): Promise<string[]> {
    const rows = await this.database.query<{ kid: string }>(DROP_RETIRED, [retiringSeconds]);
    return rows.map(({ kid }) => kid);
  }
}

const OVER = `state = 'retiring' AND retired_at <= clock_timestamp() - make_interval(secs => $1)`;
const KNOWN = `
  SELECT kid, public_jwk AS "publicJwk", private_sealed AS "privateSealed", state FROM identity.signing_keys
  WHERE state <> 'gone' AND NOT (${OVER}) ORDER BY created_at DESC, kid`;
const LIST = `
  SELECT kid, state, created_at AS "createdAt", activated_at AS "activatedAt", retired_at AS "retiredAt", gone_at AS "goneAt"
  FROM identity.signing_keys ORDER BY state = 'gone', created_at DESC, kid LIMIT 50`;
const INSERT = `
  INSERT INTO identity.signing_keys (kid, public_jwk, private_sealed, state, created_at, activated_at)
  VALUES ($1, $2, $3, $4, clock_timestamp(), CASE $4 WHEN 'active' THEN clock_timestamp() END) ON CONFLICT DO NOTHING`;
const SEAL_ANEW =
  'UPDATE identity.signing_keys SET private_sealed = $3 WHERE kid = $1 AND private_sealed = $2';
const AGES = `
  SELECT (SELECT extract(epoch FROM clock_timestamp() - activated_at)::float8 FROM identity.signing_keys WHERE state = 'active') AS active,
    (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM identity.signing_keys WHERE state = 'next') AS next`;
const RETIRE = `
  UPDATE identity.signing_keys SET state = 'retiring', retired_at = clock_timestamp(), private_sealed = NULL WHERE state = 'active' RETURNING kid`;
const PROMOTE = `
  UPDATE identity.signing_keys SET state = 'active', activated_at = clock_timestamp() WHERE state = 'next' RETURNING kid`;
const DROP_ALL = `
  UPDATE identity.signing_keys SET state = 'gone', gone_at = clock_timestamp(), private_sealed = NULL WHERE state <> 'gone' RETURNING kid`;
const DROP_RETIRED = `
  UPDATE identity.signing_keys SET state = 'gone', gone_at = clock_timestamp() WHERE ${OVER} RETURNING kid`;
