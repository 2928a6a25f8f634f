import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { PriceListStatus } from './price-list.dto.js';

/** For whom a list is, when, and how it stands to others. */
export interface Terms {
  groups: string[] | null;
  validFrom: Date | null;
  validUntil: Date | null;
  priority: number;
  status: PriceListStatus;
}

export interface PriceList extends Terms {
  id: string;
  code: string;
  title: string;
  currency: string;
  version: number;
  createdAt: Date;
}

export interface PriceListFilter {
  status: string | null;
  currency: string | null;
  group: string | null;
}

@Injectable()
export class PriceListRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, without those that are archived unless they are asked for. */
  list(
    { status, currency, group }: PriceListFilter,
    after: string | null,
    limit: number,
  ): Promise<PriceList[]> {
    return this.database.query<PriceList>(LIST, [status, currency, group, after, limit]);
  }

  async find(id: string): Promise<PriceList | null> {
    const [row] = await this.database.query<PriceList>(`${VIEW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** One that is archived does not change any more. */
  async lock(id: string): Promise<PriceList | null> {
    const [row] = await this.database.query<PriceList>(`${OPEN} AND id = $1 FOR UPDATE`, [id]);
    return row ?? null;
  }

  /** Lists that prices are written into: they stay as they are until the end of the transaction. */
  hold(ids: string[]): Promise<PriceList[]> {
    return this.database.query<PriceList>(`${OPEN} AND id = ANY ($1::uuid[]) ORDER BY id FOR SHARE`, [ids]);
  }

  /** False when the code is taken. */
  async insert(list: PriceList): Promise<boolean> {
    const { id, code, title, currency, createdAt } = list;
    return (
      (await this.database.execute(INSERT, [id, code, title, currency, ...termsOf(list), createdAt])) === 1
    );
  }

  async update(list: PriceList): Promise<void> {
    await this.database.execute(UPDATE, [list.id, list.title, ...termsOf(list)]);
  }

  /** What the list says from now on; rows of this are only ever added. */
  async appendTerms(list: PriceList, since: Date, setBy: string): Promise<void> {
    await this.database.execute(APPEND_TERMS, [newId(), list.id, since, ...termsOf(list), setBy]);
  }
}

const termsOf = ({ groups, validFrom, validUntil, priority, status }: Terms) => [
  groups,
  validFrom,
  validUntil,
  priority,
  status,
];

const VIEW = `
  SELECT id, code, title, currency, groups, valid_from AS "validFrom", valid_until AS "validUntil", priority, status, version,
    created_at AS "createdAt"
  FROM catalog.price_lists`;
const OPEN = `${VIEW} WHERE status <> 'archived'`;
const LIST = `${VIEW}
  WHERE CASE WHEN $1::text IS NULL THEN status <> 'archived' ELSE status = $1 END
    AND ($2::text IS NULL OR currency = $2::text) AND ($3::text IS NULL OR $3 = ANY (groups)) AND ($4::uuid IS NULL OR id < $4)
  ORDER BY id DESC LIMIT $5`;
const INSERT = `
  INSERT INTO catalog.price_lists (id, code, title, currency, groups, valid_from, valid_until, priority, status, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ON CONSTRAINT price_lists_code_key DO NOTHING`;
const UPDATE = `
  UPDATE catalog.price_lists SET title = $2, groups = $3, valid_from = $4, valid_until = $5, priority = $6, status = $7,
    version = version + 1
  WHERE id = $1`;
const APPEND_TERMS = `
  INSERT INTO catalog.price_list_terms (id, price_list_id, since, groups, valid_from, valid_until, priority, status, set_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
