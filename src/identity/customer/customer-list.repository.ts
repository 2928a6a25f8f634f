import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { BlindIndex } from '../account/blind-index.service.js';
import { type Opened, SealedPeople, type SealedRow } from '../account/sealed-people.service.js';
import type { CustomerSort } from './customer.dto.js';

interface CustomerRow extends SealedRow {
  emailVerified: boolean;
  status: string;
  groups: string[];
  erasesAt: Date | null;
  createdAt: Date;
  /** To the microsecond, which a JavaScript date does not have: what the cursor holds. */
  createdKey: string;
}

/** The person is null when it was erased. */
export type ListedCustomer = Opened<CustomerRow>;

export interface CustomerFilter {
  q?: string | undefined;
  email?: string | undefined;
  status?: string | undefined;
  group?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A list of customers is one statement a page and one for their keys, along an index, never counted. */
@Injectable()
export class CustomerListRepository {
  constructor(
    private readonly database: Database,
    private readonly people: SealedPeople,
    private readonly index: BlindIndex,
  ) {}

  /** After the row of this sort key and id. */
  async list(
    filter: CustomerFilter,
    sort: CustomerSort,
    after: { key: string; id: string } | null,
    limit: number,
  ): Promise<ListedCustomer[]> {
    const values: unknown[] = [];
    const where = [`a.kind = 'customer'`];
    const add = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    // Once for each key, of which there are two while SECRET_KEY is being changed.
    const found = filter.q === undefined ? [] : this.index.wanted(filter.q);
    values.push(...found);
    if (found.length > 0)
      where.push(`(${found.map((_, n) => `a.search_tokens @> $${n + 1}::bytea[]`).join(' OR ')})`);
    const address = filter.email === undefined ? undefined : this.index.ofEmail(filter.email);
    add((place) => `a.email_index = ANY (${place}::bytea[])`, address);
    add((place) => `a.status = ${place}`, filter.status);
    add((place) => `a.id IN (${MEMBERS} WHERE g.code = ${place})`, filter.group);
    add((place) => `a.created_at >= ${place}`, filter.from);
    add((place) => `a.created_at <= ${place}`, filter.to);
    const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
    if (after) {
      values.push(after.key, after.id);
      const [key, id] = [`$${values.length - 1}::timestamptz`, `$${values.length}::uuid`];
      where.push(`(a.created_at, a.id) ${direction === 'DESC' ? '<' : '>'} (${key}, ${id})`);
    }
    values.push(limit);
    return this.people.openAll(
      await this.database.query<CustomerRow>(
        `SELECT ${COLUMNS} FROM identity.accounts a WHERE ${where.join(' AND ')}
         ORDER BY a.created_at ${direction}, a.id ${direction} LIMIT $${values.length}`,
        values,
      ),
    );
  }
}

const MEMBERS = `
  SELECT m.account_id FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id`;
const COLUMNS = `a.id, a.personal, a.email_verified_at IS NOT NULL AS "emailVerified", a.status, a.created_at AS "createdAt", a.created_at::text AS "createdKey",
  (SELECT e.due_at FROM identity.erasures e
    WHERE e.subject_id = a.id AND e.finished_at IS NULL AND e.canceled_at IS NULL) AS "erasesAt",
  ARRAY(SELECT g.code FROM identity.customer_group_members m JOIN identity.customer_groups g ON g.id = m.group_id
    WHERE m.account_id = a.id ORDER BY g.code COLLATE "C") AS groups`;
