import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { newId } from '../ids.js';
import type { Difference } from './integrity.js';

export const RUN_STATES = ['waiting', 'running', 'finished'] as const;

/** What one check came to: subjects that it looked at, those that are wrong, and whether it was given up. */
export interface CheckResult {
  subjects: number;
  findings: number;
  failed: boolean;
}

export interface IntegrityRun {
  id: string;
  state: (typeof RUN_STATES)[number];
  requestedBy: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  results: Record<string, CheckResult>;
}

/** A run as the worker has it that carries it out: also where the one before it stopped. */
export interface HeldRun {
  id: string;
  worker: string;
  /** The check that is next, and the subject behind which it goes on; null: the first. */
  check: string | null;
  after: string | null;
  /** How often this place was tried. */
  attempts: number;
  results: Record<string, CheckResult>;
}

export interface IntegrityFinding extends Difference {
  id: string;
  check: string;
  subjectType: string;
  runId: string;
  firstSeenAt: string;
  lastSeenAt: string;
  resolvedAt: string | null;
}

/** Where a run is after a page. */
export interface Place {
  check: string | null;
  after: string | null;
}

/** How long a worker may be silent before another one takes its run over. */
const LEASE = '60 s';
const KEPT = '90 days';

/** Runs of the integrity check, how far they are, and what they found. */
@Injectable()
export class IntegrityRuns {
  constructor(private readonly database: Database) {}

  /** One that waits from now on; when one is under way already, that one. Who asks for it: null is the clockwork. */
  async start(requestedBy: string | null, now: Date): Promise<IntegrityRun> {
    await this.database.execute(START, [newId(), requestedBy, now]);
    const [run] = await this.database.query<IntegrityRun>(`${RUN} WHERE state <> 'finished'`);
    // It has ended between the two statements: then there is room for another.
    return run ?? this.start(requestedBy, now);
  }

  async find(id: string): Promise<IntegrityRun | null> {
    const [run] = await this.database.query<IntegrityRun>(`${RUN} WHERE id = $1`, [id]);
    return run ?? null;
  }

  /** The newest first. */
  list(after: string | null, limit: number): Promise<IntegrityRun[]> {
    return this.database.query<IntegrityRun>(
      `${RUN} WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
  }

  /** Whether the clockwork has started one. */
  async isNightlySince(moment: Date): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT FROM platform.integrity_runs WHERE created_at >= $1 AND requested_by IS NULL LIMIT 1',
      [moment],
    );
    return rows.length > 0;
  }

  /** Takes the run that waits, or whose worker died, for this worker; null when there is none. */
  async claim(now: Date): Promise<HeldRun | null> {
    const [run] = await this.database.query<HeldRun>(CLAIM, [newId(), now]);
    return run ?? null;
  }

  /** Another may try at once. */
  async letGo(run: HeldRun): Promise<void> {
    await this.database.execute(LET_GO, [run.id, run.worker]);
  }

  /** Those of these subjects about which a fact is still on its way to somebody: their rows may not fit together yet. */
  async underWay(subjectIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(UNDER_WAY, [subjectIds]);
    return new Set(rows.map(({ id }) => id));
  }

  /** In the caller's transaction: the run is at another place now. False when another worker has taken it over. */
  async moveTo(run: HeldRun, place: Place, now: Date): Promise<boolean> {
    const { id, worker, results } = run;
    const values = [id, worker, place.check, place.after, JSON.stringify(results), now];
    return (await this.database.execute(place.check === null ? FINISH : MOVE, values)) === 1;
  }

  /** In the caller's transaction. Who was found before is the same finding still. */
  async write(
    runId: string,
    { code, subjectType }: { code: string; subjectType: string },
    differences: readonly Difference[],
    now: Date,
  ): Promise<void> {
    if (differences.length === 0) return;
    const rows = differences.map((difference) => ({ id: newId(), ...difference }));
    await this.database.execute(WRITE, [JSON.stringify(rows), code, subjectType, runId, now]);
  }

  /** In the caller's transaction: what this run has not found of a check is gone. */
  async resolve(runId: string, code: string, now: Date): Promise<void> {
    await this.database.execute(RESOLVE, [runId, code, now]);
  }

  /** In the caller's transaction: nobody looks for what checks found that there are no more. */
  async resolveOthers(codes: readonly string[], now: Date): Promise<void> {
    await this.database.execute(RESOLVE_OTHERS, [codes, now]);
  }

  /** By check, the oldest first. */
  findings(
    filter: { check: string | null; isOpen: boolean },
    after: readonly [string, string] | null,
    limit: number,
  ): Promise<IntegrityFinding[]> {
    const [check = '', id = null] = after ?? [];
    return this.database.query<IntegrityFinding>(FINDINGS[filter.isOpen ? 'open' : 'resolved'], [
      filter.check,
      check,
      id,
      limit,
    ]);
  }

  /** Runs and resolved findings that are old enough. */
  async forget(now: Date): Promise<void> {
    await this.database.execute(FORGET_RUNS, [now]);
    await this.database.execute(FORGET_FINDINGS, [now]);
  }
}

const RUN = `
  SELECT id, state, requested_by AS "requestedBy", created_at AS "createdAt", started_at AS "startedAt",
    finished_at AS "finishedAt", results
  FROM platform.integrity_runs`;
const START = `
  INSERT INTO platform.integrity_runs (id, requested_by, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
const CLAIM = `
  UPDATE platform.integrity_runs r SET state = 'running', worker = $1, lease_until = now() + interval '${LEASE}',
    attempts = attempts + 1, started_at = coalesce(started_at, $2)
  WHERE id = (SELECT id FROM platform.integrity_runs
    WHERE state <> 'finished' AND (lease_until IS NULL OR lease_until < now()) FOR UPDATE SKIP LOCKED)
  RETURNING id, worker, check_code AS "check", after_subject AS "after", attempts, results`;
const LET_GO = `UPDATE platform.integrity_runs SET lease_until = NULL WHERE id = $1 AND worker = $2`;
const MOVE = `
  UPDATE platform.integrity_runs SET check_code = $3, after_subject = $4, results = $5, attempts = 1,
    lease_until = now() + interval '${LEASE}'
  WHERE id = $1 AND worker = $2 AND state = 'running' AND $6::timestamptz IS NOT NULL`;
const FINISH = `
  UPDATE platform.integrity_runs SET state = 'finished', check_code = $3, after_subject = $4, results = $5,
    lease_until = NULL, finished_at = $6
  WHERE id = $1 AND worker = $2 AND state = 'running'`;
const UNDER_WAY = `
  WITH facts AS MATERIALIZED (
    SELECT payload FROM platform.events WHERE position IS NULL
    UNION ALL SELECT e.payload FROM platform.deliveries d JOIN platform.events e ON e.id = d.event_id
    WHERE d.state = 'pending'
  )
  SELECT s.id FROM unnest($1::text[]) AS s (id)
  WHERE EXISTS (SELECT FROM facts, jsonb_each_text(facts.payload) AS f WHERE f.value = s.id)`;
const WRITE = `
  INSERT INTO platform.integrity_findings AS f
    (id, check_code, subject_type, subject_id, expected, found, run_id, first_seen_at, last_seen_at)
  SELECT id, $2, $3, "subjectId", expected, found, $4, $5, $5
  FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, "subjectId" text, expected text, found text)
  ON CONFLICT (check_code, subject_id) WHERE resolved_at IS NULL
    DO UPDATE SET expected = excluded.expected, found = excluded.found, run_id = excluded.run_id,
      last_seen_at = excluded.last_seen_at`;
const RESOLVE = `
  UPDATE platform.integrity_findings SET resolved_at = $3
  WHERE check_code = $2 AND resolved_at IS NULL AND run_id <> $1`;
const RESOLVE_OTHERS = `
  UPDATE platform.integrity_findings SET resolved_at = $2 WHERE resolved_at IS NULL AND check_code <> ALL ($1::text[])`;
const findingsWhere = (state: string): string => `
  SELECT id, check_code AS "check", subject_type AS "subjectType", subject_id AS "subjectId", expected, found,
    run_id AS "runId", first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt", resolved_at AS "resolvedAt"
  FROM platform.integrity_findings
  WHERE ${state} AND ($1::text IS NULL OR check_code = $1) AND ($3::uuid IS NULL OR (check_code, id) > ($2, $3))
  ORDER BY check_code, id LIMIT $4`;
const FINDINGS = {
  open: findingsWhere('resolved_at IS NULL'),
  resolved: findingsWhere('resolved_at IS NOT NULL'),
};
const FORGET_RUNS = `
  DELETE FROM platform.integrity_runs WHERE state = 'finished' AND finished_at < $1::timestamptz - interval '${KEPT}'`;
const FORGET_FINDINGS = `
  DELETE FROM platform.integrity_findings WHERE resolved_at < $1::timestamptz - interval '${KEPT}'`;
