import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, In } from 'typeorm';
import { Database } from '../../platform/database/database.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { Account } from './account.entity.js';
import { BlindIndex } from './blind-index.service.js';
import { type Opened, SealedPeople, personText, type SealedRow } from './sealed-people.service.js';

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

/** As lists find it: the person is null when it was erased. */
export type ListedAccount = Opened<SealedRow & Omit<AccountView, 'email' | 'firstName' | 'lastName'>>;

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
type CredentialsRow = Omit<Credentials, 'email'>;

/**
 * Accounts have their e-mail address, names and phone in memory; here they are sealed with the key of the account, and
 * found by blind indexes. An account whose key was destroyed is no account any more.
 */
@Injectable()
export class AccountRepository {
  /** What was opened: as long as it is the same, nothing is sealed and indexed anew. */
  private readonly opened = new WeakMap<Account, string>();

  constructor(
    private readonly database: Database,
    private readonly keys: SubjectKeys,
    private readonly people: SealedPeople,
    private readonly index: BlindIndex,
  ) {}

  async byEmail(email: string): Promise<Account | null> {
    const emailIndex = In(this.index.ofEmail(email));
    return this.open(await this.database.repository(Account).findOneBy({ emailIndex }));
  }

  /** Waits for whoever is changing the account of this address, and holds it. */
  lockByEmail(email: string): Promise<Account | null> {
    return this.held({ emailIndex: In(this.index.ofEmail(email)) });
  }

  /** The account of this address. Nothing is opened for it: who asks knows the address. */
  async credentials(email: string): Promise<Credentials | null> {
    const [row] = await this.database.query<CredentialsRow>(BY_EMAIL, [this.index.ofEmail(email)]);
    return row ? { ...row, email } : null;
  }

  async byId(id: string): Promise<Account | null> {
    return this.open(await this.database.repository(Account).findOneBy({ id }));
  }

  /** Holds the account that somebody comes in with; null when it is disabled. */
  async lockActive(id: string): Promise<Credentials | null> {
    const [found] = await this.people.openAll(
      await this.database.query<CredentialsRow & SealedRow>(LOCK_ACTIVE, [id]),
    );
    return found?.person ? { ...found.row, email: found.person.email } : null;
  }

  /** As `lockActive`, for who comes in with this address; null also when the account has another by now. */
  async lockActiveOf(email: string, id: string): Promise<Credentials | null> {
    const [row] = await this.database.query<CredentialsRow>(LOCK_ACTIVE_OF, [this.index.ofEmail(email), id]);
    return row ? { ...row, email } : null;
  }

  /** Keeps an account from being locked or erased by others, and no more: any number may hold it. */
  async hold(id: string): Promise<void> {
    await this.database.query('SELECT FROM identity.accounts WHERE id = $1 FOR KEY SHARE', [id]);
  }

  lock(id: string): Promise<Account | null> {
    return this.held({ id });
  }

  /** The one place that counts the version of a changed account, so no writer can forget it. */
  async save(account: Account): Promise<void> {
    account.version += 1;
    const text = personText(account);
    if (this.opened.get(account) !== text) await this.close(account, text);
    await this.database.repository(Account).save(account);
  }

  /** Makes the account with its key. False when somebody has the address already; the transaction goes on. */
  async insert(account: Account): Promise<boolean> {
    await this.keys.create(account.id);
    await this.close(account, personText(account));
    const { id, kind, passwordHash, emailVerifiedAt, mustChangePassword, locale } = account;
    const { personal, emailIndex, indexKey, searchTokens } = account;
    const [, ...former] = this.index.ofEmail(account.email);
    const plain = [id, kind, passwordHash, emailVerifiedAt, mustChangePassword, locale];
    const sealed = [personal, emailIndex, indexKey, searchTokens, former];
    const made = (await this.database.execute(INSERT, [...plain, ...sealed])) === 1;
    if (!made) await this.keys.takeBack(id);
    return made;
  }

  /** The account and all that hangs on it (sessions, links, roles); its key goes too, and so what copies hold of it. */
  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.accounts WHERE id = $1', [id]);
    await this.keys.destroy(id);
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

  /** The same password, hashed as it is done today; false when the hash was replaced meanwhile. */
  async rehash(id: string, from: string, to: string): Promise<boolean> {
    const sql = 'UPDATE identity.accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2';
    return (await this.database.execute(sql, [id, from, to])) === 1;
  }

  async view(id: string): Promise<AccountView | null> {
    const [found] = await this.people.openAll(
      await this.database.query<SealedRow & ListedAccount['row']>(
        `SELECT ${VIEW} FROM identity.accounts a WHERE a.id = $1`,
        [id],
      ),
    );
    return found ? viewOf(found) : null;
  }

  /** The newest first. */
  async list(
    kind: 'customer' | 'staff',
    email: string | null,
    after: string | null,
    limit: number,
  ): Promise<ListedAccount[]> {
    const indexes = email === null ? null : this.index.ofEmail(email);
    return this.people.openAll(
      await this.database.query<SealedRow & ListedAccount['row']>(LIST, [kind, indexes, after, limit]),
    );
  }

  private async held(where: FindOptionsWhere<Account>): Promise<Account | null> {
    return this.open(
      await this.database.repository(Account).findOne({ where, lock: { mode: 'pessimistic_write' } }),
    );
  }

  private async open(account: Account | null): Promise<Account | null> {
    const person = account && (await this.people.open(account));
    if (!person) return null;
    this.opened.set(Object.assign(account, person), personText(person));
    return account;
  }

  private async close(account: Account, text: string): Promise<void> {
    account.personal = await this.people.seal(account.id, account);
    Object.assign(account, this.index.of(account));
    this.opened.set(account, text);
  }
}

/** Null when the person was erased. */
export function viewOf({ row, person }: ListedAccount): AccountView | null {
  if (!person) return null;
  const { email, firstName, lastName } = person;
  return { ...row, email, firstName, lastName };
}

// Under a former SECRET_KEY no new index is made, so a look is enough; the present one is unique.
const INSERT = `
  INSERT INTO identity.accounts (id, kind, password_hash, email_verified_at, must_change_password, locale, personal,
    email_index, index_key, search_tokens)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
  WHERE NOT EXISTS (SELECT FROM identity.accounts WHERE email_index = ANY ($11::bytea[]))
  ON CONFLICT ON CONSTRAINT accounts_email_key DO NOTHING`;
const CREDENTIALS = `
  id, kind, password_hash AS "passwordHash", status = 'active' AS "isActive",
  email_verified_at IS NOT NULL AS "isVerified", must_change_password AS "mustChangePassword",
  second_factor AS "hasSecondFactor"`;
const BY_EMAIL = `SELECT ${CREDENTIALS} FROM identity.accounts WHERE email_index = ANY ($1::bytea[])`;
const LOCK_ACTIVE = `
  SELECT ${CREDENTIALS}, personal FROM identity.accounts WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE`;
const LOCK_ACTIVE_OF = `
  ${BY_EMAIL} AND id = $2 AND status = 'active' FOR NO KEY UPDATE`;
const VIEW = `a.id, a.personal, a.email_verified_at IS NOT NULL AS "emailVerified", a.kind, a.status, a.version, a.created_at AS "createdAt",
  ARRAY(SELECT role FROM identity.account_roles r WHERE r.account_id = a.id ORDER BY role) AS roles`;
const LIST = `
  SELECT ${VIEW} FROM identity.accounts a
  WHERE a.kind = $1 AND ($2::bytea[] IS NULL OR a.email_index = ANY ($2)) AND ($3::uuid IS NULL OR a.id < $3)
  ORDER BY a.id DESC LIMIT $4`;
