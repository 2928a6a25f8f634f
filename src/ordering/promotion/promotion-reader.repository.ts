import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Candidate, Promotion } from './promotion.js';
import { FIELDS } from './promotion.repository.js';
import { type Buyer, COST, MINE, spentOf } from './redemption.repository.js';

/** A promotion as it is offered to one cart, with what is left of its budget; null: it has none. */
export interface Offered extends Candidate {
  left: bigint | null;
}

type Row = Omit<Promotion, 'budget'> & {
  budget: string | null;
  codeId: string | null;
  code: string | null;
  spent: Candidate['spent'];
  left: string | null;
};

@Injectable()
export class PromotionReaderRepository {
  constructor(private readonly database: Database) {}

  /** Those of these codes (case-folded), and these promotions with limits, each with what is left, in one statement. */
  async offered(
    { customerId, email }: Buyer,
    ids: readonly string[],
    codes: readonly string[],
    now: Date,
  ): Promise<Offered[]> {
    const rows = await this.database.query<Row>(OFFERED, [now, customerId, email, ids, codes]);
    return rows.map(({ codeId, code, spent, left, budget, ...promotion }) => ({
      promotion: { ...promotion, budget: budget === null ? null : BigInt(budget) },
      codeId,
      code,
      spent,
      left: left === null ? null : BigInt(left),
    }));
  }

  /** Those of these codes (case-folded) that shoppers may know of. */
  async known(codes: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ code: string }>(KNOWN, [codes]);
    return new Set(rows.map(({ code }) => code));
  }
}

// What staff prepare or have put away does not exist for shoppers.
const SHOWN = `p.status IN ('active', 'paused')`;
const OFFERED = `
  WITH ${MINE}, asked AS (
    SELECT id AS promotion_id, NULL::uuid AS code_id FROM unnest($4::uuid[]) AS a (id)
    UNION ALL SELECT promotion_id, id FROM ordering.promotion_codes WHERE code = ANY ($5::text[])
  )
  SELECT ${FIELDS}, c.id AS "codeId", c.code, ${spentOf('1')} AS spent, (p.budget - (${COST}))::text AS left
  FROM asked a JOIN ordering.promotions p ON p.id = a.promotion_id LEFT JOIN ordering.promotion_codes c ON c.id = a.code_id
  WHERE ${SHOWN} AND (a.code_id IS NULL OR p.trigger = 'code')`;
const KNOWN = `
  SELECT c.code FROM ordering.promotion_codes c JOIN ordering.promotions p ON p.id = c.promotion_id
  WHERE c.code = ANY ($1::text[]) AND c.status = 'active' AND ${SHOWN}`;
