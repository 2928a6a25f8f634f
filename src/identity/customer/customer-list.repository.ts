import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CustomerSort } from './customer.dto.js';

export interface CustomerRow {
  id: string;
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
  status: string;
  groups: string[];
  createdAt: Date;
  /** To the microsecond, which a JavaScript date does not have: what the cursor holds. */
  createdKey: string;
}

export interface CustomerFilter {
  q?: string | undefined;
  email?: string | undefined;
  status?: string | undefined;
  group?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A list of customers is one statement a page, along an index, never counted. */
@Injectable()
export class CustomerListRepository {
  constructor(private readonly database: Database) {}

  /** After the row of this sort key and id. */
  list(
    filter: CustomerFilter,
    sort: CustomerSort,
    after: { key: string; id: string } | null,
    limit: number,
  ): Promise<CustomerRow[]> {
    const values: unknown[] = [];
    const where = [`a.kind = 'customer'`];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    add(beginsWith, filter.q && `${filter.q.normalize('NFKC').replace(/[\\%_]/g, '\\$&')}%`);
    add((place) => `a.email = ${place}`, filter.email);
    add((place) => `a.status = ${place}`, filter.status);
    add((place) => `a.id IN (${MEMBERS} WHERE g.code = ${place})`, filter.group);
    add((place) => `a.created_at >= ${place}`, filter.from);
    add((place) => `a.created_at <= ${place}`, filter.to);
    const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
    const byEmail = sort.endsWith('email');
    const column = byEmail ? 'a.email COLLATE "C"' : 'a.created_at';
    if (after) {
      values.push(after.key, after.id);
      const [key, id] = [`$${values.length - 1}::${byEmail ? 'text' : 'timestamptz'}`, `$${values.length}`];
      where.push(`(${column}, a.id) ${direction === 'DESC' ? '<' : '>'} (${key}, ${id}::uuid)`);
    }
    values.push(limit);
    return this.database.query<CustomerRow>(
      `SELECT ${COLUMNS} FROM identity.accounts a WHERE ${where.join(' AND ')}
       ORDER BY ${column} ${direction}, a.id ${direction} LIMIT $${values.length}`,
      values,
    );
  }
}

/** Each of the three along its own index. */
const beginsWith = (place: string): string => {
  const names = ['a.email', 'lower(a.first_name)', 'lower(a.last_name)'];
  return `(${names.map((name) => `${name} COLLATE "C" LIKE lower(${place})`).join(' OR ')})`;
};
const MEMBERS = `
  SELECT m.account_id FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id`;
const COLUMNS = `a.id, a.email, a.email_verified_at IS NOT NULL AS "emailVerified", a.first_name AS "firstName",
  a.last_name AS "lastName", a.status, a.created_at AS "createdAt", a.created_at::text AS "createdKey",
  ARRAY(SELECT g.code FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id
    WHERE m.account_id = a.id ORDER BY g.code COLLATE "C") AS groups`;
