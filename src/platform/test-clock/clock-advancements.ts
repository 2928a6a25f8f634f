import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { newId } from '../ids.js';

export const ADVANCEMENT_STATES = ['waiting', 'running', 'finished', 'failed'] as const;

/** A journey of the clock, and how far it is. Times `from`, `to` and `reached` are the store's, the others real. */
export interface ClockAdvancement {
  id: string;
  state: (typeof ADVANCEMENT_STATES)[number];
  requestedBy: string;
  from: string;
  to: string;
  reached: string;
  steps: number;
  unsettledSteps: number;
  failures: Record<string, number>;
  facts: Record<string, number>;
  error: string | null;
  createdAt: string;
  finishedAt: string | null;
}

/** One as the worker has it that carries it out. */
export interface HeldAdvancement {
  id: string;
  worker: string;
  to: Date;
  steps: number;
  worked: number;
  attempts: number;
}

/** What came of one step. */
export interface StepResult {
  isSettled: boolean;
  /** Names of the jobs that failed. */
  failures: readonly string[];
}

/**
 * How long a worker may be silent before another one takes over. Longer than those of letters and of the nightly check, so that
 * nothing that the dead one held stands still while the clock goes on.
 */
const LEASE = '75 s';
/** A worker that is alive has more of its lease left than this: it takes it anew every few seconds, except while a job is long. */
const ALIVE = '60 s';
/** As long as a short journey takes. */
const SOON_SECONDS = 5;

/** Journeys of the clock; each row says where it is, so that one whose worker died goes on there. */
@Injectable()
export class ClockAdvancements {
  constructor(private readonly database: Database) {}

  /** One that waits from now on; null when another is under way. */
  async start(requestedBy: string, from: Date, to: Date): Promise<ClockAdvancement | null> {
    const id = newId();
    const begun = await this.database.execute(START, [id, requestedBy, from, to]);
    return begun === 1 ? this.find(id) : null;
  }

  async find(id: string): Promise<ClockAdvancement | null> {
    const [found] = await this.database.query<ClockAdvancement>(`${SHOWN} WHERE id = $1`, [id]);
    return found ?? null;
  }

  async newest(): Promise<ClockAdvancement | null> {
    const [found] = await this.database.query<ClockAdvancement>(`${SHOWN} ORDER BY id DESC LIMIT 1`);
    return found ?? null;
  }

  /**
   * In how many seconds it is worth asking for another one: soon while the present one is carried out, and where its worker gives no
   * sign of life when somebody else may go on with it.
   */
  async secondsToWait(): Promise<number> {
    const [row] = await this.database.query<{ seconds: number }>(TO_WAIT);
    return Math.max(SOON_SECONDS, row?.seconds ?? 0);
  }

  /** Takes the one that waits, or whose worker died, for this worker; null when there is none. */
  async claim(): Promise<HeldAdvancement | null> {
    const [held] = await this.database.query<HeldAdvancement>(CLAIM, [newId()]);
    return held ?? null;
  }

  /** Another may take it at once, or after so many seconds. */
  async letGo({ id, worker }: HeldAdvancement, afterSeconds = 0): Promise<void> {
    await this.database.execute(LET_GO, [id, worker, afterSeconds]);
  }

  /** False when another worker has taken it over. */
  async renew({ id, worker }: HeldAdvancement): Promise<boolean> {
    return (await this.database.execute(RENEW, [id, worker])) === 1;
  }

  /** In the caller's transaction: a step further. False when another worker has taken it over. */
  async step({ id, worker }: HeldAdvancement, reached: Date): Promise<boolean> {
    return (await this.database.execute(STEP, [id, worker, reached])) === 1;
  }

  /** The work of its last step is done. False when another worker has taken it over. */
  async worked({ id, worker }: HeldAdvancement, { isSettled, failures }: StepResult): Promise<boolean> {
    return (await this.database.execute(WORKED, [id, worker, isSettled ? 0 : 1, failures])) === 1;
  }

  /** `error`: why it ends before its time. */
  async end({ id, worker }: HeldAdvancement, error: string | null): Promise<void> {
    await this.database.execute(END, [id, worker, error]);
  }

  /** How much is on its way to somebody, and the position of the last fact. */
  async pending(): Promise<{ open: number; position: number }> {
    const [row] = await this.database.query<{ open: number; position: number }>(PENDING);
    return row ?? { open: 0, position: 0 };
  }
}

const SHOWN = `
  SELECT id, state, requested_by AS "requestedBy", from_time AS "from", to_time AS "to", reached, steps,
    unsettled AS "unsettledSteps", failures, facts, error, created_at AS "createdAt", finished_at AS "finishedAt"
  FROM platform.clock_advancements`;
const START = `
  INSERT INTO platform.clock_advancements (id, requested_by, from_time, to_time, reached, first_position)
  SELECT $1, $2, $3, $4, $3, coalesce(max(position), 0) FROM platform.events
  ON CONFLICT DO NOTHING`;
const TO_WAIT = `
  SELECT ceil(extract(epoch FROM lease_until - now()))::int AS seconds FROM platform.clock_advancements
  WHERE state IN ('waiting', 'running') AND lease_until <= now() + interval '${ALIVE}'`;
const CLAIM = `
  UPDATE platform.clock_advancements SET state = 'running', worker = $1, lease_until = now() + interval '${LEASE}',
    attempts = attempts + 1
  WHERE id = (SELECT id FROM platform.clock_advancements
    WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until < now()) FOR UPDATE SKIP LOCKED)
  RETURNING id, worker, to_time AS "to", steps, worked, attempts`;
const MINE = `WHERE id = $1 AND worker = $2 AND state = 'running'`;
const LET_GO = `
  UPDATE platform.clock_advancements SET lease_until = now() + make_interval(secs => $3) ${MINE}`;
const RENEW = `UPDATE platform.clock_advancements SET lease_until = now() + interval '${LEASE}' ${MINE}`;
const STEP = `
  UPDATE platform.clock_advancements SET reached = greatest(reached, $3), steps = steps + 1,
    lease_until = now() + interval '${LEASE}' ${MINE}`;
const WORKED = `
  UPDATE platform.clock_advancements a SET worked = steps, attempts = 1, unsettled = unsettled + $3,
    failures = failures || (
      SELECT coalesce(jsonb_object_agg(name, coalesce((a.failures ->> name)::int, 0) + 1), '{}')
      FROM unnest($4::text[]) AS f (name)),
    facts = (
      SELECT coalesce(jsonb_object_agg(type, count), '{}')
      FROM (SELECT type, count(*) FROM platform.events WHERE position > a.first_position GROUP BY type) e)
  ${MINE}`;
const END = `
  UPDATE platform.clock_advancements SET state = CASE WHEN $3::text IS NULL THEN 'finished' ELSE 'failed' END,
    error = $3, finished_at = now(), lease_until = NULL ${MINE}`;
const PENDING = `
  SELECT ((SELECT count(*) FROM platform.events WHERE position IS NULL)
      + (SELECT count(*) FROM platform.deliveries WHERE state = 'pending'))::int AS open,
    (SELECT coalesce(max(position), 0)::float8 FROM platform.events) AS position`;
