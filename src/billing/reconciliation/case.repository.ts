import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { CaseKind } from './settlement.js';

export const RESOLUTIONS = ['accepted', 'corrected', 'settled'] as const;

export interface CaseRow {
  readonly id: string;
  readonly gateway: string;
  readonly kind: CaseKind;
  readonly subjectType: 'line' | 'transaction' | 'payout';
  readonly subjectId: string;
  readonly paymentId: string | null;
  readonly lineId: string | null;
  readonly ref: string | null;
  readonly told: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly currency: string;
  readonly state: 'open' | 'resolved';
  readonly resolution: string | null;
  readonly reason: string | null;
  readonly resolvedBy: string | null;
  readonly resolvedAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

export interface NewCase {
  readonly gateway: string;
  readonly kind: CaseKind;
  readonly subjectType: CaseRow['subjectType'];
  readonly subjectId: string;
  readonly paymentId: string | null;
  readonly expected: bigint | null;
  readonly found: bigint | null;
  readonly currency: string;
}

/** What does not fit between a gateway and the books, once for each line, posting or payout. */
@Injectable()
export class CaseRepository {
  constructor(private readonly database: Database) {}

  /** A resolved one stays resolved as long as it says the same; when it says something else, it is open again. */
  async open(found: NewCase, now: Date): Promise<void> {
    await this.database.execute(OPEN, [
      ...[newId(), found.gateway, found.kind, found.subjectType, found.subjectId, found.paymentId],
      ...[found.expected?.toString() ?? null, found.found?.toString() ?? null, found.currency, now],
    ]);
  }

  /** Nothing is wrong with these any more. */
  async settle(subjectType: CaseRow['subjectType'], subjectIds: readonly string[], now: Date): Promise<void> {
    await this.database.execute(SETTLE, [subjectType, subjectIds, now]);
  }

  async find(id: string): Promise<CaseRow | null> {
    const [row] = await this.database.query<CaseRow>(`${CASE} WHERE c.id = $1`, [id]);
    return row ?? null;
  }

  /** The newest first, from behind `after`. */
  list(
    filter: { state: string | null; kind: string | null },
    after: [string, string] | null,
    limit: number,
  ): Promise<CaseRow[]> {
    const [at, id] = after ?? [null, null];
    return this.database.query<CaseRow>(
      `${CASE} WHERE ($1::text IS NULL OR c.state = $1) AND ($2::text IS NULL OR c.kind = $2)
         AND ($3::timestamptz IS NULL OR (c.created_at, c.id) < ($3, $4)) ORDER BY c.created_at DESC, c.id DESC LIMIT $5`,
      [filter.state, filter.kind, at, id, limit],
    );
  }

  /** False when somebody was quicker. */
  async resolve(
    id: string,
    version: number,
    of: { resolution: string; reason: string; by: string | null },
    now: Date,
  ): Promise<boolean> {
    const values = [id, version, of.resolution, of.reason, of.by, now];
    return (await this.database.execute(RESOLVE, values)) === 1;
  }

  async countOpen(gateway: string): Promise<number> {
    const [row] = await this.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM billing.reconciliation_cases WHERE gateway = $1 AND state = 'open'`,
      [gateway],
    );
    return row?.n ?? 0;
  }
}

const OPEN = `
  INSERT INTO billing.reconciliation_cases AS c
    (id, gateway, kind, subject_type, subject_id, payment_id, expected, found, currency, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (subject_type, subject_id) DO UPDATE
    SET kind = excluded.kind, expected = excluded.expected, found = excluded.found, currency = excluded.currency,
      payment_id = coalesce(excluded.payment_id, c.payment_id), state = 'open', resolution = NULL, reason = NULL,
      resolved_by = NULL, resolved_at = NULL, version = c.version + 1
    WHERE (c.kind, c.expected, c.found, c.currency) IS DISTINCT FROM
      (excluded.kind, excluded.expected, excluded.found, excluded.currency) OR c.resolution = 'settled'`;

const SETTLE = `
  UPDATE billing.reconciliation_cases SET state = 'resolved', resolution = 'settled', resolved_at = $3, version = version + 1
  WHERE subject_type = $1 AND subject_id = ANY ($2::uuid[]) AND state = 'open'`;

const RESOLVE = `
  UPDATE billing.reconciliation_cases
  SET state = 'resolved', resolution = $3, reason = $4, resolved_by = $5, resolved_at = $6, version = version + 1
  WHERE id = $1 AND version = $2 AND state = 'open'`;

const CASE = `
  SELECT c.id, c.gateway, c.kind, c.subject_type AS "subjectType", c.subject_id AS "subjectId", c.payment_id AS "paymentId",
    l.line_id AS "lineId", l.ref, l.told, c.expected::text AS expected, c.found::text AS found, c.currency, c.state, c.resolution,
    c.reason, c.resolved_by AS "resolvedBy", c.resolved_at AS "resolvedAt", c.version, c.created_at AS "createdAt"
  FROM billing.reconciliation_cases c
  LEFT JOIN billing.settlement_lines l ON l.id = c.subject_id AND c.subject_type <> 'transaction'`;
