import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface RunRow {
  readonly id: string;
  readonly gateway: string;
  readonly state: 'waiting' | 'running' | 'finished';
  readonly from: Date;
  readonly to: Date;
  readonly requestedBy: string | null;
  readonly counts: Record<string, number>;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** How long a worker may be silent before another one takes its run over. */
const LEASE = '5 minutes';

/** Runs that hold a gateway's account against the books. */
@Injectable()
export class RunRepository {
  constructor(private readonly database: Database) {}

  /** One that waits from now on; the same when one for this time waits already. */
  async start(gateway: string, from: Date, to: Date, by: string | null, now: Date): Promise<RunRow> {
    const id = newId();
    await this.database.execute(START, [id, gateway, from, to, by, now]);
    const [run] = await this.database.query<RunRow>(
      `SELECT ${RUN} FROM billing.reconciliation_runs WHERE id = $1
         OR (state = 'waiting' AND gateway = $2 AND "from" = $3 AND "to" = $4) LIMIT 1`,
      [id, gateway, from, to],
    );
    if (run === undefined) throw new Error('a run that was asked for is not there');
    return run;
  }

  async find(id: string): Promise<RunRow | null> {
    const [run] = await this.database.query<RunRow>(
      `SELECT ${RUN} FROM billing.reconciliation_runs WHERE id = $1`,
      [id],
    );
    return run ?? null;
  }

  list(after: string | null, limit: number): Promise<RunRow[]> {
    return this.database.query<RunRow>(
      `SELECT ${RUN} FROM billing.reconciliation_runs WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
      [after, limit],
    );
  }

  /** Until when the clockwork has looked, and when it last began; null before its first time. */
  async lastNightly(gateway: string): Promise<{ to: Date; createdAt: Date } | null> {
    const [run] = await this.database.query<{ to: Date; createdAt: Date }>(
      `SELECT "to", created_at AS "createdAt" FROM billing.reconciliation_runs
        WHERE gateway = $1 AND requested_by IS NULL ORDER BY id DESC LIMIT 1`,
      [gateway],
    );
    return run ?? null;
  }

  /** Takes the run that waits, or whose worker died; null when there is none. */
  async claim(): Promise<RunRow | null> {
    const [run] = await this.database.query<RunRow>(CLAIM);
    return run ?? null;
  }

  /** The worker is still there. */
  async holdOn(id: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.reconciliation_runs SET lease_until = now() + interval '${LEASE}' WHERE id = $1`,
      [id],
    );
  }

  /** It is tried again, later every time. */
  async failed(id: string, error: string): Promise<void> {
    await this.database.execute(
      `UPDATE billing.reconciliation_runs SET state = 'waiting', last_error = $2,
         lease_until = now() + least(attempts, 12) * interval '5 minutes' WHERE id = $1`,
      [id, error.slice(0, 500)],
    );
  }

  async finish(id: string, counts: Record<string, number>, now: Date): Promise<void> {
    await this.database.execute(
      `UPDATE billing.reconciliation_runs SET state = 'finished', counts = $2, finished_at = $3, last_error = NULL WHERE id = $1`,
      [id, JSON.stringify(counts), now],
    );
  }
}

const RUN = `id, gateway, state, "from", "to", requested_by AS "requestedBy", counts, attempts, last_error AS "lastError",
  created_at AS "createdAt", finished_at AS "finishedAt"`;

const START = `
  INSERT INTO billing.reconciliation_runs (id, gateway, state, "from", "to", requested_by, created_at)
  SELECT $1::uuid, $2, 'waiting', $3::timestamptz, $4::timestamptz, $5, $6::timestamptz
  WHERE NOT EXISTS (SELECT FROM billing.reconciliation_runs WHERE state = 'waiting' AND gateway = $2 AND "from" = $3 AND "to" = $4)`;

const CLAIM = `
  UPDATE billing.reconciliation_runs SET state = 'running', attempts = attempts + 1, lease_until = now() + interval '${LEASE}'
  WHERE id = (
    SELECT id FROM billing.reconciliation_runs WHERE state <> 'finished' AND (lease_until IS NULL OR lease_until < now())
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
  ) RETURNING ${RUN}`;
