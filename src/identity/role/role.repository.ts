import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface RoleView {
  code: string;
  title: string;
  permissions: string[];
  builtIn: boolean;
  /** How many people have it. */
  members: number;
  version: number;
}

type Content = Pick<RoleView, 'code' | 'title' | 'permissions'>;

/** Roles, and who has which. */
@Injectable()
export class RoleRepository {
  constructor(private readonly database: Database) {}

  list(after: string | null, limit: number): Promise<RoleView[]> {
    return this.database.query<RoleView>(LIST, [after, limit]);
  }

  async view(code: string): Promise<RoleView | null> {
    const [row] = await this.database.query<RoleView>(`${VIEW} WHERE code = $1`, [code]);
    return row ?? null;
  }

  /** Holds the role: nobody gets it and nobody changes it until the end of the transaction. */
  async lock(code: string): Promise<RoleView | null> {
    await this.database.execute('SELECT FROM identity.roles WHERE code = $1 FOR UPDATE', [code]);
    return this.view(code);
  }

  /** False when there is one of that code. */
  async insert({ code, title, permissions }: Content): Promise<boolean> {
    return (await this.database.execute(INSERT, [code, title, permissions])) === 1;
  }

  async update({ code, title, permissions }: Content): Promise<void> {
    await this.database.execute(UPDATE, [code, title, permissions]);
  }

  async delete(code: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.roles WHERE code = $1', [code]);
  }

  /** What each of them permits, which stays so until the end of the transaction; those that do not exist are left out. */
  permissionsOf(codes: string[]): Promise<Pick<RoleView, 'code' | 'permissions'>[]> {
    return this.database.query(PERMISSIONS_OF, [codes]);
  }

  async of(accountId: string): Promise<string[]> {
    const rows = await this.database.query<{ role: string }>(OF, [accountId]);
    return rows.map(({ role }) => role);
  }

  /** These and no others. */
  async give(accountId: string, codes: string[]): Promise<void> {
    await this.database.execute(TAKE_OTHERS, [accountId, codes]);
    await this.database.execute(GIVE, [accountId, codes]);
  }

  /** One at a time may change who the administrators are. */
  async lockAdministrators(): Promise<void> {
    await this.database.execute(
      `SELECT FROM identity.roles WHERE code = '${ADMINISTRATOR}' FOR NO KEY UPDATE`,
    );
  }

  /** Whether somebody else can still do everything: an administrator who may sign in and has done so. */
  async hasOtherAdministrator(than: string): Promise<boolean> {
    const [row] = await this.database.query<{ found: boolean }>(OTHER_ADMINISTRATOR, [than]);
    return row?.found ?? false;
  }
}

/** The role that may do everything, and that a store always has somebody in. */
export const ADMINISTRATOR = 'administrator';

const VIEW = `
  SELECT code, title, permissions, built_in AS "builtIn", version,
    (SELECT count(*)::int FROM identity.account_roles ar WHERE ar.role = code) AS members
  FROM identity.roles`;
const LIST = `${VIEW} WHERE $1::text IS NULL OR code > $1 ORDER BY code LIMIT $2`;
const INSERT = `
  INSERT INTO identity.roles (code, title, permissions) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
const UPDATE = `
  UPDATE identity.roles SET title = $2, permissions = $3, version = version + 1 WHERE code = $1`;
const PERMISSIONS_OF = `
  SELECT code, permissions FROM identity.roles WHERE code = ANY ($1::text[]) ORDER BY code FOR SHARE`;
const OF = 'SELECT role FROM identity.account_roles WHERE account_id = $1 ORDER BY role';
const TAKE_OTHERS = 'DELETE FROM identity.account_roles WHERE account_id = $1 AND role <> ALL ($2::text[])';
const GIVE = `
  INSERT INTO identity.account_roles (account_id, role) SELECT $1, code FROM identity.roles WHERE code = ANY ($2::text[])
  ON CONFLICT DO NOTHING`;
const OTHER_ADMINISTRATOR = `
  SELECT EXISTS (
    SELECT FROM identity.account_roles ar JOIN identity.accounts a ON a.id = ar.account_id
    WHERE ar.role = '${ADMINISTRATOR}' AND a.status = 'active' AND a.email_verified_at IS NOT NULL AND a.id <> $1) AS found`;
