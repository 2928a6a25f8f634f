import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface AuditRow {
  id: string;
  at: Date;
  actorKind: string;
  actorId: string | null;
  impersonatorId: string | null;
  action: string;
  subjectType: string;
  subjectId: string;
  requestId: string | null;
  network: string | null;
  details: object | null;
  position: number | null;
  seal: string | null;
}

/** What is not given is not asked for. */
export interface AuditFilter {
  actorId?: string;
  action?: string;
  subjectType?: string;
  subjectId?: string;
  at?: { gte?: string; lte?: string };
}

const EXPORTED_AT_ONCE = 500;

/** The trail as staff read it, newest first. */
@Injectable()
export class AuditReader {
  constructor(private readonly database: Database) {}

  list({ at = {}, ...filter }: AuditFilter, after: string | null, limit: number): Promise<AuditRow[]> {
    // Only the conditions that were asked for: one text for all of them would be planned for none.
    const values: unknown[] = [limit];
    const asked = { ...filter, from: at.gte, until: at.lte, after: after ?? undefined };
    const conditions = CONDITIONS.flatMap(([name, condition]) =>
      asked[name] === undefined ? [] : [condition(`$${values.push(asked[name])}`)],
    );
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.database.query<AuditRow>(`${ENTRIES} ${where} ORDER BY e.id DESC LIMIT $1`, values);
  }

  /** All of it, page by page: memory holds one page. */
  async *every(filter: AuditFilter): AsyncGenerator<AuditRow> {
    for (let after: string | null = null, more = true; more;) {
      const rows: AuditRow[] = await this.list(filter, after, EXPORTED_AT_ONCE);
      yield* rows;
      after = rows.at(-1)?.id ?? null;
      more = rows.length === EXPORTED_AT_ONCE;
    }
  }
}

const ENTRIES = `
  SELECT e.id, e.at, e.actor_kind AS "actorKind", e.actor_id AS "actorId", e.impersonator_id AS "impersonatorId", e.action,
    e.subject_type AS "subjectType", e.subject_id AS "subjectId", e.request_id AS "requestId", e.network, e.details,
    s.position::float8 AS position, encode(s.hash, 'hex') AS seal
  FROM platform.audit_entries e LEFT JOIN platform.audit_seals s ON s.entry_id = e.id`;

const CONDITIONS = [
  ['actorId', (value: string) => `e.actor_id = ${value}`],
  ['action', (value: string) => `e.action = ${value}`],
  ['subjectType', (value: string) => `e.subject_type = ${value}`],
  ['subjectId', (value: string) => `e.subject_id = ${value}`],
  ['from', (value: string) => `e.at >= ${value}::timestamptz`],
  ['until', (value: string) => `e.at <= ${value}::timestamptz`],
  ['after', (value: string) => `e.id < ${value}::uuid`],
] as const;
