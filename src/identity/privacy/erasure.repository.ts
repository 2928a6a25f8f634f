import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface ErasureRow {
  id: string;
  subjectId: string;
  isGuest: boolean;
  /** Sealed; null when the subject has, or had, an account. */
  guestEmail: Buffer | null;
  requestedAt: Date;
  requestedBy: string;
  reason: string | null;
  dueAt: Date;
  hinderedBecause: string[];
  startedAt: Date | null;
  done: string[];
  canceledAt: Date | null;
  finishedAt: Date | null;
}

export interface NewErasure {
  id: string;
  subjectId: string;
  guest: { email: Buffer; hash: Buffer } | null;
  requestedAt: Date;
  requestedBy: string;
  reason: string | null;
  dueAt: Date;
  hinderedBecause: string[];
}

/** Erasures: asked for, put off, canceled, done module by module. The row of a finished one is all that is left. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly database: Database) {}

  /** False when one of this person is open already. */
  async insert(erasure: NewErasure): Promise<boolean> {
    const { id, subjectId, guest, requestedAt, requestedBy, reason, dueAt, hinderedBecause } = erasure;
    const values = [id, subjectId, guest !== null, guest?.email ?? null, guest?.hash ?? null, requestedAt];
    return (
      (await this.database.execute(INSERT, [...values, requestedBy, reason, dueAt, hinderedBecause])) === 1
    );
  }

  /** The one that is open, of an account or of the address of a guest. */
  async open(subjectId: string | null, guestHash: Buffer | null): Promise<ErasureRow | null> {
    const [row] = await this.database.query<ErasureRow>(OPEN, [subjectId, guestHash]);
    return row ?? null;
  }

  /** The latest of a person, whatever became of it. */
  async latest(subjectId: string): Promise<ErasureRow | null> {
    const [row] = await this.database.query<ErasureRow>(LATEST, [subjectId]);
    return row ?? null;
  }

  async find(id: string): Promise<ErasureRow | null> {
    const [row] = await this.database.query<ErasureRow>(
      `SELECT ${VIEW} FROM identity.erasures WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  list(after: string | null, limit: number): Promise<ErasureRow[]> {
    return this.database.query<ErasureRow>(LIST, [after, limit]);
  }

  /** As long as nothing was erased: the row that was canceled, or null. */
  async cancel(subjectId: string, by: string, at: Date): Promise<ErasureRow | null> {
    const [row] = await this.database.query<ErasureRow>(CANCEL, [subjectId, by, at]);
    return row ?? null;
  }

  /** Those whose time has come, the longest waiting first. */
  async due(now: Date, limit: number): Promise<{ id: string; subjectId: string }[]> {
    return this.database.query<{ id: string; subjectId: string }>(DUE, [now, limit]);
  }

  /** Held for the caller's transaction; null when it is not due any more, or another worker has it. */
  async take(id: string, now: Date): Promise<ErasureRow | null> {
    const [row] = await this.database.query<ErasureRow>(TAKE, [id, now]);
    return row ?? null;
  }

  async putOff(id: string, until: Date, because: string[]): Promise<void> {
    await this.database.execute(PUT_OFF, [id, until, because]);
  }

  /** From here on there is no way back: nobody signs in to the account any more. */
  async start(id: string, subjectId: string, now: Date): Promise<void> {
    await this.database.execute(START, [id, now]);
    await this.database.execute(SHUT, [subjectId]);
  }

  async markDone(id: string, module: string): Promise<void> {
    await this.database.execute(MARK_DONE, [id, module]);
  }

  /** Nothing is left that says who it was. */
  async finish(id: string, now: Date): Promise<void> {
    await this.database.execute(FINISH, [id, now]);
  }
}

const VIEW = `id, subject_id AS "subjectId", is_guest AS "isGuest", guest_email AS "guestEmail", requested_at AS "requestedAt",
  requested_by AS "requestedBy", reason, due_at AS "dueAt", hindered_because AS "hinderedBecause",
  started_at AS "startedAt", done, canceled_at AS "canceledAt", finished_at AS "finishedAt"`;
const IS_OPEN = 'finished_at IS NULL AND canceled_at IS NULL';
const INSERT = `
  INSERT INTO identity.erasures
    (id, subject_id, is_guest, guest_email, guest_hash, requested_at, requested_by, reason, due_at, hindered_because)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`;
const OPEN = `
  SELECT ${VIEW} FROM identity.erasures WHERE (subject_id = $1::uuid OR guest_hash = $2::bytea) AND ${IS_OPEN}`;
const LATEST = `SELECT ${VIEW} FROM identity.erasures WHERE subject_id = $1 ORDER BY id DESC LIMIT 1`;
const LIST = `SELECT ${VIEW} FROM identity.erasures WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`;
const CANCEL = `
  UPDATE identity.erasures SET canceled_at = $3, canceled_by = $2, guest_email = NULL, guest_hash = NULL
  WHERE subject_id = $1 AND started_at IS NULL AND ${IS_OPEN} RETURNING ${VIEW}`;
const DUE = `
  SELECT id, subject_id AS "subjectId" FROM identity.erasures
  WHERE due_at <= $1 AND ${IS_OPEN} ORDER BY due_at LIMIT $2`;
const TAKE = `
  SELECT ${VIEW} FROM identity.erasures WHERE id = $1 AND due_at <= $2 AND ${IS_OPEN} FOR UPDATE SKIP LOCKED`;
const PUT_OFF = 'UPDATE identity.erasures SET due_at = $2, hindered_because = $3 WHERE id = $1';
const START = `
  UPDATE identity.erasures SET started_at = coalesce(started_at, $2), hindered_because = '{}' WHERE id = $1`;
const SHUT = `
  UPDATE identity.accounts SET status = 'disabled', version = version + 1 WHERE id = $1 AND status <> 'disabled'`;
const MARK_DONE = 'UPDATE identity.erasures SET done = array_append(done, $2) WHERE id = $1';
const FINISH = `
  UPDATE identity.erasures SET finished_at = $2, reason = NULL, guest_email = NULL, guest_hash = NULL WHERE id = $1`;
