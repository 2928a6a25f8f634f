import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface ExportRow {
  id: string;
  state: string;
  requestedAt: Date;
  isOwn: boolean;
  readyAt: Date | null;
  linkUntil: Date | null;
}

/** What a worker, or whoever downloads, has to know. */
export interface HeldExport {
  id: string;
  subjectId: string;
  /** Sealed; null when the subject has an account. */
  guestEmail: Buffer | null;
  done: string[];
  requestedAt: Date;
}

export interface NewExport {
  id: string;
  subjectId: string;
  guest: { email: Buffer; hash: Buffer } | null;
  requestedBy: string;
}

export interface Part {
  module: string;
  ordinal: number;
  sealed: Buffer;
}

/** How long a worker or a download may be silent before it counts as gone. */
const HOLD = `interval '60 s'`;

/** Copies of what is kept about people, and their pages until somebody has fetched them. */
@Injectable()
export class ExportRepository {
  constructor(private readonly database: Database) {}

  /** False when one of this person is under way already. */
  async insert({ id, subjectId, guest, requestedBy }: NewExport): Promise<boolean> {
    const values = [id, subjectId, guest?.email ?? null, guest?.hash ?? null, requestedBy];
    return (await this.database.execute(INSERT, values)) === 1;
  }

  /** The one that is under way, of an account or of the address of a guest. */
  async running(subjectId: string | null, guestHash: Buffer | null): Promise<ExportRow | null> {
    const [row] = await this.database.query<ExportRow>(RUNNING, [subjectId, guestHash]);
    return row ?? null;
  }

  async find(id: string, subjectId: string): Promise<ExportRow | null> {
    const [row] = await this.database.query<ExportRow>(FIND, [id, subjectId]);
    return row ?? null;
  }

  list(subjectId: string, after: string | null, limit: number): Promise<ExportRow[]> {
    return this.database.query<ExportRow>(LIST, [subjectId, after, limit]);
  }

  /** Takes the next one that nobody works at, or whose worker is gone. */
  async claim(worker: string): Promise<HeldExport | null> {
    const [row] = await this.database.query<HeldExport>(CLAIM, [worker]);
    return row ?? null;
  }

  /** Keeps it for another while; false when it is somebody else's by now. Holds the row for the caller's transaction. */
  async hold(id: string, holder: string): Promise<boolean> {
    return (await this.database.execute(HOLD_ON, [id, holder])) === 1;
  }

  /** It is not collected any further; and what there is of it goes. */
  async giveUp(id: string, holder: string): Promise<void> {
    await this.database.execute(GIVE_UP, [id, holder]);
  }

  /** What a worker that is gone has left of a module: its pages may have moved since, so they are collected anew. */
  async dropParts(id: string, module: string): Promise<void> {
    await this.database.execute(DROP_PARTS, [id, module]);
  }

  async addPart(id: string, { module, ordinal, sealed }: Part): Promise<void> {
    await this.database.execute(ADD_PART, [id, module, ordinal, sealed]);
  }

  async finishModule(id: string, module: string): Promise<void> {
    await this.database.execute(FINISH_MODULE, [id, module]);
  }

  /** Whoever has the token of this hash may fetch it once, within a day. */
  async makeReady(id: string, tokenHash: Buffer): Promise<void> {
    await this.database.execute(MAKE_READY, [id, tokenHash]);
  }

  /** For one download at a time; null when the link is unknown, used or too old, or somebody is at it right now. */
  async open(tokenHash: Buffer, holder: string): Promise<HeldExport | null> {
    const [row] = await this.database.query<HeldExport>(OPEN, [tokenHash, holder]);
    return row ?? null;
  }

  /** The page after this one, in the order of modules and pages. */
  async nextPart(id: string, after: Pick<Part, 'module' | 'ordinal'> | null): Promise<Part | null> {
    const [row] = await this.database.query<Part>(NEXT_PART, [id, after?.module ?? '', after?.ordinal ?? -1]);
    return row ?? null;
  }

  /** The link is used up. */
  async close(id: string, holder: string): Promise<boolean> {
    return (await this.database.execute(CLOSE, [id, holder])) === 1;
  }

  /** The download is over. One that broke off was none: the link works on until its time is over. */
  async letGo(id: string, holder: string, whole: boolean): Promise<void> {
    await this.database.execute(LET_GO, [id, holder, whole]);
  }

  /** Deletes the pages of those that were fetched or are too old; answers the ids of guests among them. */
  async forget(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(FORGET);
    return rows.map(({ id }) => id);
  }
}

const VIEW = `id, state, requested_at AS "requestedAt", requested_by = subject_id::text AS "isOwn", ready_at AS "readyAt",
  link_until AS "linkUntil"`;
const HELD = `id, subject_id AS "subjectId", guest_email AS "guestEmail", done, requested_at AS "requestedAt"`;
const INSERT = `
  INSERT INTO identity.exports (id, subject_id, guest_email, guest_hash, requested_by) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING`;
const RUNNING = `
  SELECT ${VIEW} FROM identity.exports
  WHERE (subject_id = $1::uuid OR guest_hash = $2::bytea) AND state IN ('pending', 'running')`;
const FIND = `SELECT ${VIEW} FROM identity.exports WHERE id = $1 AND subject_id = $2`;
const LIST = `
  SELECT ${VIEW} FROM identity.exports WHERE subject_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;
const CLAIM = `
  UPDATE identity.exports SET state = 'running', holder = $1, held_until = now() + ${HOLD}
  WHERE id = (
    SELECT id FROM identity.exports
    WHERE state IN ('pending', 'running') AND (held_until IS NULL OR held_until < now())
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING ${HELD}`;
const HOLD_ON = `UPDATE identity.exports SET held_until = now() + ${HOLD} WHERE id = $1 AND holder = $2`;
const GIVE_UP = `
  WITH over AS (
    UPDATE identity.exports SET state = 'expired', guest_email = NULL, guest_hash = NULL, holder = NULL, held_until = NULL
    WHERE id = $1 AND holder = $2 RETURNING id
  )
  DELETE FROM identity.export_parts WHERE export_id IN (SELECT id FROM over)`;
const DROP_PARTS = 'DELETE FROM identity.export_parts WHERE export_id = $1 AND module = $2';
const ADD_PART =
  'INSERT INTO identity.export_parts (export_id, module, ordinal, sealed) VALUES ($1, $2, $3, $4)';
const FINISH_MODULE = 'UPDATE identity.exports SET done = array_append(done, $2) WHERE id = $1';
const MAKE_READY = `
  UPDATE identity.exports SET state = 'ready', token_hash = $2, ready_at = now(), link_until = now() + interval '24 hours',
    holder = NULL, held_until = NULL
  WHERE id = $1`;
const OPEN = `
  UPDATE identity.exports SET holder = $2, held_until = now() + ${HOLD}
  WHERE token_hash = $1 AND state = 'ready' AND link_until > now() AND (held_until IS NULL OR held_until < now())
  RETURNING ${HELD}`;
const NEXT_PART = `
  SELECT module, ordinal, sealed FROM identity.export_parts
  WHERE export_id = $1 AND (module, ordinal) > ($2, $3) ORDER BY module, ordinal LIMIT 1`;
const CLOSE = `UPDATE identity.exports SET state = 'downloaded' WHERE id = $1 AND holder = $2 AND state = 'ready'`;
const LET_GO = `
  UPDATE identity.exports SET state = CASE WHEN $3 THEN state ELSE 'ready' END, holder = NULL, held_until = NULL
  WHERE id = $1 AND holder = $2 AND state IN ('ready', 'downloaded')`;
// A download may still be under way that has just used its link up, or that began before its time was over.
const FORGET = `
  WITH over AS (
    UPDATE identity.exports SET state = CASE WHEN state = 'ready' THEN 'expired' ELSE state END, guest_email = NULL,
      guest_hash = NULL, link_until = NULL, holder = NULL, held_until = NULL
    WHERE link_until IS NOT NULL AND (held_until IS NULL OR held_until < now())
      AND (state = 'downloaded' OR link_until <= now())
    RETURNING id, subject_id
  ), parts AS (
    DELETE FROM identity.export_parts p USING over WHERE p.export_id = over.id
  )
  SELECT id FROM over WHERE id = subject_id`;
