import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface AccountRow {
  id: string;
  kind: 'customer' | 'staff';
  email: string;
  emailVerifiedAt: Date | null;
  passwordHash: string;
  firstName: string | null;
  lastName: string | null;
  status: 'active' | 'disabled';
  mustChangePassword: boolean;
  version: number;
  createdAt: Date;
}

export interface AccountView {
  id: string;
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
  roles: string[];
  status: string;
  version: number;
  createdAt: Date;
}

@Injectable()
export class AccountRepository {
  constructor(private readonly database: Database) {}

  async byEmail(email: string): Promise<AccountRow | null> {
    const [row] = await this.database.query<AccountRow>(
      `SELECT ${COLUMNS} FROM identity.accounts WHERE email = $1`,
      [email],
    );
    return row ?? null;
  }

  async lock(id: string): Promise<AccountRow | null> {
    const [row] = await this.database.query<AccountRow>(
      `SELECT ${COLUMNS} FROM identity.accounts WHERE id = $1 FOR UPDATE`,
      [id],
    );
    return row ?? null;
  }

  /** False when somebody has the address already. */
  async insert(account: {
    id: string;
    kind: string;
    email: string;
    passwordHash: string;
    firstName: string | null;
    lastName: string | null;
    verified: boolean;
    mustChangePassword: boolean;
  }): Promise<boolean> {
    const { id, kind, email, passwordHash, firstName, lastName, verified, mustChangePassword } = account;
    return (
      (await this.database.execute(INSERT, [
        id,
        kind,
        email,
        passwordHash,
        firstName,
        lastName,
        verified,
        mustChangePassword,
      ])) === 1
    );
  }

  async grant(accountId: string, roles: string[]): Promise<number> {
    return this.database.execute(GRANT, [accountId, roles]);
  }

  async hasStaff(): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM identity.accounts WHERE kind = 'staff') AS found`,
    );
    return row?.found ?? false;
  }

  /** One writer of the first administrator at a time. */
  async lockAll(): Promise<void> {
    await this.database.execute('LOCK TABLE identity.accounts IN SHARE ROW EXCLUSIVE MODE');
  }

  async setPassword(id: string, hash: string): Promise<void> {
    await this.database.execute(
      'UPDATE identity.accounts SET password_hash = $2, must_change_password = false, version = version + 1 WHERE id = $1',
      [id, hash],
    );
  }

  async rehash(id: string, from: string, to: string): Promise<void> {
    await this.database.execute(
      'UPDATE identity.accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2',
      [id, from, to],
    );
  }

  async verify(id: string, email: string): Promise<boolean> {
    return (await this.database.execute(VERIFY, [id, email])) === 1;
  }

  async setNames(id: string, firstName: string | null, lastName: string | null): Promise<void> {
    await this.database.execute(
      'UPDATE identity.accounts SET first_name = $2, last_name = $3, version = version + 1 WHERE id = $1',
      [id, firstName, lastName],
    );
  }

  async view(id: string): Promise<AccountView | null> {
    const [row] = await this.database.query<AccountView>(
      `SELECT ${VIEW} FROM identity.accounts a WHERE a.id = $1`,
      [id],
    );
    return row ?? null;
  }

  list(
    kind: 'customer' | 'staff',
    email: string | null,
    after: string | null,
    limit: number,
  ): Promise<AccountView[]> {
    return this.database.query<AccountView>(LIST, [kind, email, after, limit]);
  }
}

const COLUMNS = `id, kind, email, email_verified_at AS "emailVerifiedAt", password_hash AS "passwordHash", first_name AS "firstName",
  last_name AS "lastName", status, must_change_password AS "mustChangePassword", version, created_at AS "createdAt"`;
const INSERT = `
  INSERT INTO identity.accounts (id, kind, email, password_hash, first_name, last_name, email_verified_at, must_change_password)
  VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7::boolean THEN now() END, $8)
  ON CONFLICT ON CONSTRAINT accounts_email_key DO NOTHING`;
const GRANT = `
  INSERT INTO identity.account_roles (account_id, role) SELECT $1, code FROM identity.roles WHERE code = ANY ($2::text[])
  ON CONFLICT DO NOTHING`;
const VERIFY = `
  UPDATE identity.accounts SET email_verified_at = coalesce(email_verified_at, now()), version = version + 1
  WHERE id = $1 AND email = $2`;
const VIEW = `a.id, a.email, a.email_verified_at IS NOT NULL AS "emailVerified", a.first_name AS "firstName", a.last_name AS "lastName",
  a.status, a.version, a.created_at AS "createdAt",
  ARRAY(SELECT role FROM identity.account_roles r WHERE r.account_id = a.id ORDER BY role) AS roles`;
const LIST = `
  SELECT ${VIEW} FROM identity.accounts a
  WHERE a.kind = $1 AND ($2::text IS NULL OR a.email = $2) AND ($3::uuid IS NULL OR a.id < $3)
  ORDER BY a.id DESC LIMIT $4`;
