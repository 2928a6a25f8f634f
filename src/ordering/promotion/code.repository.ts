import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { CodeStatus } from './code.dto.js';
import { LIVE } from './redemption.repository.js';

/** What a code allows beyond what its promotion does. */
export interface CodeTerms {
  status: CodeStatus;
  limitTotal: number | null;
  limitPerCustomer: number | null;
  endsAt: Date | null;
}

export interface Code extends CodeTerms {
  id: string;
  code: string;
  uses: number;
  batchId: string | null;
  version: number;
  createdAt: Date;
}

export interface CodesWanted {
  status: string | null;
  batchId: string | null;
  /** Case-folded start. */
  start: string | null;
}

export interface NewCodes extends CodeTerms {
  promotionId: string;
  batchId: string | null;
  at: Date;
}

@Injectable()
export class CodeRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list(
    promotionId: string,
    { status, batchId, start }: CodesWanted,
    after: string | null,
    limit: number,
    now: Date,
  ): Promise<Code[]> {
    const pattern = start === null ? null : `${start.replace(/[\\%_]/g, '\\$&')}%`;
    return this.database.query<Code>(LIST, [now, promotionId, status, batchId, pattern, after, limit]);
  }

  async find(promotionId: string, id: string, now: Date): Promise<Code | null> {
    const [row] = await this.database.query<Code>(FIND, [now, promotionId, id]);
    return row ?? null;
  }

  async lock(
    promotionId: string,
    id: string,
  ): Promise<(CodeTerms & { code: string; version: number }) | null> {
    const [row] = await this.database.query<CodeTerms & { code: string; version: number }>(LOCK, [
      promotionId,
      id,
    ]);
    return row ?? null;
  }

  /** Writes those that nobody has taken; returns how many those were. */
  insert(codes: readonly { id: string; code: string }[], terms: NewCodes): Promise<number> {
    const { promotionId, status, limitTotal, limitPerCustomer, endsAt, batchId, at } = terms;
    const ids = codes.map(({ id }) => id);
    const texts = codes.map(({ code }) => code);
    const values = [ids, texts, promotionId, status, limitTotal, limitPerCustomer, endsAt, batchId, at];
    return this.database.execute(INSERT, values);
  }

  async update(id: string, { status, limitTotal, limitPerCustomer, endsAt }: CodeTerms): Promise<void> {
    await this.database.execute(UPDATE, [id, status, limitTotal, limitPerCustomer, endsAt]);
  }
}

// $1 is now.
const VIEW = `
  SELECT c.id, c.code, c.status, c.limit_total AS "limitTotal", c.limit_per_customer AS "limitPerCustomer",
    c.ends_at AS "endsAt", c.batch AS "batchId", c.version, c.created_at AS "createdAt",
    (c.uses + (SELECT count(*) FROM ordering.promotion_redemptions r
      WHERE r.code_id = c.id AND ${LIVE('r', '$1')}))::int AS uses
  FROM ordering.promotion_codes c WHERE c.promotion_id = $2`;
const LIST = `${VIEW}
  AND ($3::text IS NULL OR c.status = $3) AND ($4::uuid IS NULL OR c.batch = $4) AND ($5::text IS NULL OR c.code LIKE $5)
  AND ($6::uuid IS NULL OR c.id < $6)
  ORDER BY c.id DESC LIMIT $7`;
const FIND = `${VIEW} AND c.id = $3`;
const LOCK = `
  SELECT code, status, limit_total AS "limitTotal", limit_per_customer AS "limitPerCustomer", ends_at AS "endsAt", version
  FROM ordering.promotion_codes WHERE promotion_id = $1 AND id = $2 FOR NO KEY UPDATE`;
const INSERT = `
  INSERT INTO ordering.promotion_codes (id, code, promotion_id, status, limit_total, limit_per_customer, ends_at, batch, created_at)
  SELECT n.id, n.code, $3, $4, $5, $6, $7, $8, $9 FROM unnest($1::uuid[], $2::text[]) AS n (id, code) ORDER BY n.code
  ON CONFLICT ON CONSTRAINT promotion_codes_code_key DO NOTHING`;
const UPDATE = `
  UPDATE ordering.promotion_codes SET status = $2, limit_total = $3, limit_per_customer = $4, ends_at = $5,
    version = version + 1
  WHERE id = $1`;
