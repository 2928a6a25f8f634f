import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface Group {
  id: string;
  code: string;
  title: string;
  version: number;
  createdAt: Date;
}

/** Groups of customers, and who is in them. */
@Injectable()
export class GroupRepository {
  constructor(private readonly database: Database) {}

  /** By code. */
  list(after: string | null, limit: number): Promise<Group[]> {
    return this.database.query<Group>(LIST, [after, limit]);
  }

  async find(id: string): Promise<Group | null> {
    const [row] = await this.database.query<Group>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  async lock(id: string): Promise<Group | null> {
    const [row] = await this.database.query<Group>(`${VIEW} WHERE id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  /** False when the code is taken. */
  async insert(id: string, code: string, title: string): Promise<boolean> {
    return (await this.database.execute(INSERT, [id, code, title])) === 1;
  }

  async retitle(id: string, title: string): Promise<void> {
    await this.database.execute(
      'UPDATE identity.customer_groups SET title = $2, version = version + 1 WHERE id = $1',
      [id, title],
    );
  }

  /** Violates `customer_group_members_group_fk` while somebody is in it. */
  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.customer_groups WHERE id = $1', [id]);
  }

  /** Those of the codes that exist, held so that they stay until the end of the transaction. */
  known(codes: readonly string[]): Promise<Pick<Group, 'id' | 'code'>[]> {
    return this.database.query(KNOWN, [codes]);
  }

  async codesOf(accountId: string): Promise<string[]> {
    const rows = await this.database.query<{ code: string }>(CODES_OF, [accountId]);
    return rows.map(({ code }) => code);
  }

  /** How many it has come into that it was not in. */
  join(accountId: string, groupIds: readonly string[]): Promise<number> {
    return this.database.execute(JOIN, [accountId, groupIds]);
  }

  /** How many it has left. */
  leave(accountId: string, groupId: string): Promise<number> {
    return this.database.execute(
      'DELETE FROM identity.customer_group_members WHERE account_id = $1 AND group_id = $2',
      [accountId, groupId],
    );
  }
}

const VIEW = `SELECT id, code, title, version, created_at AS "createdAt" FROM identity.customer_groups`;
const LIST = `${VIEW} WHERE $1::text IS NULL OR code COLLATE "C" > $1 ORDER BY code COLLATE "C" LIMIT $2`;
const INSERT = `
  INSERT INTO identity.customer_groups (id, code, title) VALUES ($1, $2, $3)
  ON CONFLICT ON CONSTRAINT customer_groups_code_key DO NOTHING`;
const KNOWN = `
  SELECT id, code FROM identity.customer_groups WHERE code = ANY ($1::text[]) ORDER BY id FOR KEY SHARE`;
const CODES_OF = `
  SELECT g.code FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id
  WHERE m.account_id = $1 ORDER BY g.code COLLATE "C"`;
const JOIN = `
  INSERT INTO identity.customer_group_members (account_id, group_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING`;
