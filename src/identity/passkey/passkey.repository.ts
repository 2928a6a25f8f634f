import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface PasskeyRow {
  id: string;
  accountId: string;
  /** As base64url. */
  credentialId: string;
  /** COSE. */
  publicKey: Buffer;
  /** What the authenticator calls the account. */
  handle: Buffer;
}

export interface NewPasskey {
  id: string;
  accountId: string;
  credentialId: string;
  publicKey: Uint8Array;
  counter: number;
  transports: string[];
  syncable: boolean;
  backedUp: boolean;
  name: string;
}

export interface PasskeyView {
  id: string;
  credentialId: string;
  name: string;
  backedUp: boolean;
  transports: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
}

@Injectable()
export class PasskeyRepository {
  constructor(private readonly database: Database) {}

  list(accountId: string): Promise<PasskeyView[]> {
    return this.database.query<PasskeyView>(LIST, [accountId]);
  }

  async byCredential(credentialId: string): Promise<PasskeyRow | null> {
    const [row] = await this.database.query<PasskeyRow>(BY_CREDENTIAL, [credentialId]);
    return row ?? null;
  }

  /** Whether it is still there: somebody may have taken it away since it signed. */
  async exists(id: string): Promise<boolean> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM identity.passkeys WHERE id = $1',
      [id],
    );
    return row !== undefined;
  }

  /** What authenticators call the account: made once, 64 random bytes. */
  async handleOf(accountId: string): Promise<Buffer> {
    const [row] = await this.database.query<{ handle: Buffer }>(HANDLE, [accountId, randomBytes(64)]);
    if (!row) throw new Error('there is no such account');
    return row.handle;
  }

  /** Null when somebody has that credential already. */
  async insert(passkey: NewPasskey): Promise<PasskeyView | null> {
    const { id, accountId, credentialId, publicKey, counter, transports, syncable, backedUp, name } = passkey;
    const values = [id, accountId, credentialId, publicKey, counter, transports, syncable, backedUp, name];
    const [row] = await this.database.query<PasskeyView>(INSERT, values);
    return row ?? null;
  }

  /** Writes down a use; false when the counter of the authenticator did not grow: then there are two of them. */
  async use(id: string, counter: number, backedUp: boolean): Promise<boolean> {
    return (await this.database.execute(USE, [id, counter, backedUp])) === 1;
  }

  async rename(id: string, accountId: string, name: string): Promise<PasskeyView | null> {
    const [row] = await this.database.query<PasskeyView>(RENAME, [id, accountId, name]);
    return row ?? null;
  }

  async remove(id: string, accountId: string): Promise<boolean> {
    return (await this.database.execute(REMOVE, [id, accountId])) === 1;
  }
}

const VIEW = `
  id, credential_id AS "credentialId", name, backed_up AS "backedUp", transports, created_at AS "createdAt",
  last_used_at AS "lastUsedAt"`;
const LIST = `SELECT ${VIEW} FROM identity.passkeys WHERE account_id = $1 ORDER BY id`;
const BY_CREDENTIAL = `
  SELECT p.id, p.account_id AS "accountId", p.credential_id AS "credentialId", p.public_key AS "publicKey",
    a.passkey_handle AS handle
  FROM identity.passkeys p JOIN identity.accounts a ON a.id = p.account_id WHERE p.credential_id = $1`;
const HANDLE = `
  UPDATE identity.accounts SET passkey_handle = coalesce(passkey_handle, $2) WHERE id = $1
  RETURNING passkey_handle AS handle`;
const INSERT = `
  INSERT INTO identity.passkeys
    (id, account_id, credential_id, public_key, counter, transports, syncable, backed_up, name)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT ON CONSTRAINT passkeys_credential_key DO NOTHING
  RETURNING ${VIEW}`;
// Many authenticators do not count: theirs stays at nought.
const USE = `
  UPDATE identity.passkeys SET counter = $2, backed_up = $3, last_used_at = now()
  WHERE id = $1 AND ($2::bigint > counter OR ($2::bigint = 0 AND counter = 0))`;
const RENAME = `UPDATE identity.passkeys SET name = $3 WHERE id = $1 AND account_id = $2 RETURNING ${VIEW}`;
const REMOVE = 'DELETE FROM identity.passkeys WHERE id = $1 AND account_id = $2';
