import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { ImportDto, ImportErrorDto, ImportFormat } from './import.dto.js';
import type { RowFault } from './incoming-product.js';

export interface ImportJob {
  id: string;
  format: ImportFormat;
  dryRun: boolean;
  currency: string;
  file: string;
  rowsRead: number;
  requestedBy: string | null;
}

export interface Progress {
  read: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
}

export type RowError = RowFault & { ordinal: number; externalId: string | null };

export type Outcome = 'created' | 'updated' | 'unchanged' | 'rejected';

/** What became of a row: its number, its line, its external id, the outcome and the id of the product. */
export type RowOutcome = [
  ordinal: number,
  line: number,
  externalId: string | null,
  outcome: Outcome,
  productId: string | null,
];

/** How long a worker may be silent before another one takes the import over. */
const LEASE = '30 s';

@Injectable()
export class ImportRepository {
  constructor(private readonly database: Database) {}

  async add(job: ImportJob, bytes: number, createdAt: Date): Promise<void> {
    await this.database.execute(
      `INSERT INTO catalog.imports (id, format, dry_run, currency, file, bytes, requested_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [job.id, job.format, job.dryRun, job.currency, job.file, bytes, job.requestedBy, createdAt],
    );
  }

  async find(id: string): Promise<ImportDto | null> {
    const [row] = await this.database.query<{ json: ImportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.imports i WHERE id = $1`,
      [id],
    );
    return row?.json ?? null;
  }

  /** Those of these that there are. */
  async several(ids: string[]): Promise<ImportDto[]> {
    const rows = await this.database.query<{ json: ImportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.imports i WHERE id = ANY ($1::uuid[])`,
      [ids],
    );
    return rows.map(({ json }) => json);
  }

  async list(after: string | null, limit: number): Promise<ImportDto[]> {
    const rows = await this.database.query<{ json: ImportDto }>(
      `SELECT ${JSON_OF} AS json FROM catalog.imports i WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
    return rows.map(({ json }) => json);
  }

  errors(id: string, after: [number, number] | null, limit: number) {
    return this.database.query<ImportErrorDto & { ordinal: number; number: number }>(
      `SELECT line, external_id AS "externalId", code, pointer, message, ordinal, number FROM catalog.import_errors
       WHERE import_id = $1 AND (ordinal, number) > ($2, $3) ORDER BY ordinal, number LIMIT $4`,
      [id, after?.[0] ?? -1, after?.[1] ?? -1, limit],
    );
  }

  /** Takes an import for this worker; null when it is over, or another worker is at it. */
  async claim(id: string, worker: string, now: Date): Promise<ImportJob | null> {
    const [job] = await this.database.query<ImportJob>(
      `UPDATE catalog.imports SET state = 'running', worker = $2, leased_until = now() + '${LEASE}'::interval,
         started_at = coalesce(started_at, $3)
       WHERE id = $1 AND state IN ('pending', 'running') AND (leased_until IS NULL OR leased_until < now())
       RETURNING id, format, dry_run AS "dryRun", currency, file, rows_read AS "rowsRead", requested_by AS "requestedBy"`,
      [id, worker, now],
    );
    return job ?? null;
  }

  /** Moves the checkpoint and keeps the lease; false when the import was canceled or taken over meanwhile. */
  async advance(id: string, worker: string, by: Progress): Promise<boolean> {
    const moved = await this.database.execute(
      `UPDATE catalog.imports SET rows_read = rows_read + $3, created = created + $4, updated = updated + $5,
         unchanged = unchanged + $6, rejected = rejected + $7, leased_until = now() + '${LEASE}'::interval
       WHERE id = $1 AND worker = $2 AND state = 'running'`,
      [id, worker, by.read, by.created, by.updated, by.unchanged, by.rejected],
    );
    return moved === 1;
  }

  /** Columns of the file that nothing is made of; told once. */
  async noteIgnored(id: string, columns: string[]): Promise<void> {
    await this.database.execute('UPDATE catalog.imports SET ignored_columns = $2 WHERE id = $1', [
      id,
      columns.slice(0, 200).map((column) => column.slice(0, 200)),
    ]);
  }

  /** What became of the rows of a chunk, in the transaction that makes it so. */
  async addResults(id: string, rows: RowOutcome[]): Promise<void> {
    await this.database.execute(
      'INSERT INTO catalog.import_results (import_id, ordinal, rows) VALUES ($1, $2, $3)',
      [id, rows[0]?.[0] ?? 0, JSON.stringify(rows)],
    );
  }

  /** The next chunk of rows behind this one, and the faults of those that were rejected; null at the end. */
  async results(id: string, after: number) {
    const [chunk] = await this.database.query<{ ordinal: number; rows: RowOutcome[] }>(
      'SELECT ordinal, rows FROM catalog.import_results WHERE import_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT 1',
      [id, after],
    );
    if (!chunk) return null;
    const faults = await this.database.query<ImportErrorDto & { ordinal: number }>(
      `SELECT line, code, pointer, message, ordinal FROM catalog.import_errors
       WHERE import_id = $1 AND ordinal BETWEEN $2 AND $3 ORDER BY ordinal, number`,
      [id, chunk.ordinal, chunk.rows.at(-1)?.[0] ?? chunk.ordinal],
    );
    return { ...chunk, faults };
  }

  /** Drops what became of single rows of imports that were over before this moment; their counts and faults stay. */
  async forgetResults(before: Date): Promise<void> {
    await this.database.execute(
      `DELETE FROM catalog.import_results r USING catalog.imports i WHERE i.id = r.import_id AND i.finished_at < $1`,
      [before],
    );
  }

  /** Those of these names, by their keys, that earlier rows of the file have used. */
  async usedNames(id: string, keys: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ key: string }>(
      `SELECT replace(name::text, '-', '') AS key FROM catalog.import_names WHERE import_id = $1 AND name = ANY ($2::uuid[])`,
      [id, keys],
    );
    return new Set(rows.map(({ key }) => key));
  }

  async useNames(id: string, keys: string[]): Promise<void> {
    const add = 'INSERT INTO catalog.import_names (import_id, name) SELECT $1, unnest($2::uuid[])';
    await this.database.execute(add, [id, keys]);
  }

  /** Drops the names of imports that are over, in portions: a large file has millions. */
  async forgetNames(): Promise<void> {
    while ((await this.database.execute(FORGET_NAMES)) > 0);
  }

  async addErrors(id: string, errors: RowError[]): Promise<void> {
    await this.database.execute(ADD_ERRORS, [id, JSON.stringify(errors)]);
  }

  async finish(id: string, worker: string, failure: string | null, now: Date): Promise<void> {
    await this.database.execute(
      `UPDATE catalog.imports SET state = CASE WHEN $3::text IS NULL THEN 'finished' ELSE 'failed' END, failure = $3,
         finished_at = $4, leased_until = NULL WHERE id = $1 AND worker = $2 AND state = 'running'`,
      [id, worker, failure, now],
    );
  }

  async cancel(id: string, now: Date): Promise<boolean> {
    const canceled = await this.database.execute(
      `UPDATE catalog.imports SET state = 'canceled', finished_at = $2, leased_until = NULL
       WHERE id = $1 AND state IN ('pending', 'running')`,
      [id, now],
    );
    return canceled === 1;
  }

  /** Imports whose worker has been silent for too long; they are left alone for another lease. */
  async abandoned(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE catalog.imports SET leased_until = now()
       WHERE state IN ('pending', 'running') AND leased_until < now() - '5 s'::interval RETURNING id`,
    );
    return rows.map(({ id }) => id);
  }
}

const FORGET_NAMES = `
  DELETE FROM catalog.import_names WHERE ctid = ANY (ARRAY(
    SELECT n.ctid FROM catalog.imports i JOIN catalog.import_names n ON n.import_id = i.id
    WHERE i.state NOT IN ('pending', 'running') LIMIT 50000))`;

const JSON_OF = `json_build_object('id', i.id, 'format', i.format, 'state', i.state, 'dryRun', i.dry_run, 'currency', i.currency,
  'bytes', i.bytes, 'counts', json_build_object('read', i.rows_read, 'created', i.created, 'updated', i.updated,
    'unchanged', i.unchanged, 'rejected', i.rejected), 'ignoredColumns', i.ignored_columns, 'failure', i.failure, 'createdAt', ${instantSql('i.created_at')},
  'startedAt', ${instantSql('i.started_at')}, 'finishedAt', ${instantSql('i.finished_at')})`;

const ADD_ERRORS = `
  INSERT INTO catalog.import_errors (import_id, ordinal, number, line, external_id, code, pointer, message)
  SELECT $1, r.ordinal, row_number() OVER (PARTITION BY r.ordinal), r.line, left(r."externalId", 200), left(r.code, 60),
    left(r.pointer, 300), left(r.message, 500)
  FROM jsonb_to_recordset($2::jsonb) AS r (ordinal int, line int, "externalId" text, code text, pointer text, message text)`;
