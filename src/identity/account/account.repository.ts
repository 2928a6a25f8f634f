import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Account } from './account.entity.js';

export interface AccountView {
  id: string;
  kind: 'customer' | 'staff';
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
  roles: string[];
  status: string;
  version: number;
  createdAt: Date;
}

/** What signing in needs to know. */
export interface Credentials {
  id: string;
  kind: 'customer' | 'staff';
  email: string;
  /** Null when the account has no password. */
  passwordHash: string | null;
  isActive: boolean;
  isVerified: boolean;
  mustChangePassword: boolean;
  hasSecondFactor: boolean;
}

@Injectable()
export class AccountRepository {
  constructor(private readonly database: Database) {}

  byEmail(email: string): Promise<Account | null> {
    return this.database.repository(Account).findOneBy({ email });
  }

  /** Waits for whoever is changing the account of this address, and holds it. */
  lockByEmail(email: string): Promise<Account | null> {
    return this.database
      .repository(Account)
      .findOne({ where: { email }, lock: { mode: 'pessimistic_write' } });
  }

  async credentials(email: string): Promise<Credentials | null> {
    const [row] = await this.database.query<Credentials>(`${CREDENTIALS} WHERE email = $1`, [email]);
    return row ?? null;
  }

  byId(id: string): Promise<Account | null> {
    return this.database.repository(Account).findOneBy({ id });
  }

  /** Holds the account that somebody comes in with; null when it is disabled. */
  async lockActive(id: string): Promise<Credentials | null> {
    const [row] = await this.database.query<Credentials>(LOCK_ACTIVE, [id]);
    return row ?? null;
  }

  lock(id: string): Promise<Account | null> {
    return this.database.repository(Account).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** The one place that counts the version of a changed account, so no writer can forget it. */
  async save(account: Account): Promise<void> {
    account.version += 1;
    await this.database.repository(Account).save(account);
  }

  /** False when somebody has the address already; the transaction goes on. */
  async insert(account: Account): Promise<boolean> {
    const { id, kind, email, passwordHash, emailVerifiedAt, mustChangePassword } = account;
    const { firstName, lastName, phone, locale } = account;
    const who = [id, kind, email, passwordHash, firstName, lastName];
    const values = [...who, emailVerifiedAt, mustChangePassword, phone, locale];
    return (await this.database.execute(INSERT, values)) === 1;
  }

  /** The account and all that hangs on it: sessions, links, roles. */
  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.accounts WHERE id = $1', [id]);
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

  /** The same password, hashed as it is done today: only while nobody has set another meanwhile. */
  async rehash(id: string, from: string, to: string): Promise<void> {
    await this.database.execute(
      'UPDATE identity.accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2',
      [id, from, to],
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

const INSERT = `
  INSERT INTO identity.accounts (id, kind, email, password_hash, first_name, last_name, email_verified_at, must_change_password, phone, locale)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT ON CONSTRAINT accounts_email_key DO NOTHING`;
const CREDENTIALS = `
  SELECT id, kind, email, password_hash AS "passwordHash", status = 'active' AS "isActive",
    email_verified_at IS NOT NULL AS "isVerified", must_change_password AS "mustChangePassword",
    second_factor AS "hasSecondFactor"
  FROM identity.accounts`;
const LOCK_ACTIVE = `${CREDENTIALS} WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE`;
const VIEW = `a.id, a.email, a.email_verified_at IS NOT NULL AS "emailVerified", a.first_name AS "firstName", a.last_name AS "lastName",
  a.kind, a.status, a.version, a.created_at AS "createdAt",
  ARRAY(SELECT role FROM identity.account_roles r WHERE r.account_id = a.id ORDER BY role) AS roles`;
const LIST = `
  SELECT ${VIEW} FROM identity.accounts a
  WHERE a.kind = $1 AND ($2::text IS NULL OR a.email = $2) AND ($3::uuid IS NULL OR a.id < $3)
  ORDER BY a.id DESC LIMIT $4`;
