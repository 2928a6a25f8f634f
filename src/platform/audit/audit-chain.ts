import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

const BATCH = 1_000;
/** Any number that nobody else locks. */
const SEALING = 7_204_111;
const START: Buffer = Buffer.alloc(32);

/** What a look at the whole chain has found. */
export interface ChainReport {
  isWhole: boolean;
  /** Sealed entries that were looked at, and the hash of the last one (hex): keep it elsewhere to prove the past later. */
  entries: number;
  head: string;
  /** The first place where something was changed, taken out or put in; null when the chain is whole. */
  brokenAt: number | null;
  /** Entries that wait for their seal, a minute at most. */
  unsealed: number;
  /** Entries that were put in past the trail: neither sealed nor waiting. */
  strangers: number;
}

interface Link {
  position: string;
  hash: Buffer;
  /** The entry as it was hashed; null when it is gone. */
  text: string | null;
}

/**
 * Chains the audit trail: each seal is the SHA-256 of the seal before and of the entry, so nobody changes or takes out one
 * entry without breaking every seal after it. Done behind the commits by one process at a time.
 */
@Injectable()
export class AuditChain {
  constructor(private readonly database: Database) {}

  /** Seals what waits; answers how many. Safe to repeat and to run beside itself. */
  async seal(): Promise<number> {
    let sealed = 0;
    for (let last = BATCH; last === BATCH; sealed += last) last = await this.sealBatch();
    return sealed;
  }

  /** Looks at everything. It reads the whole trail: for a command or a night job. */
  async verify(): Promise<ChainReport> {
    let position = 0;
    let hash = START;
    let brokenAt: number | null = null;
    for (let links: Link[] = [], first = true; first || links.length === BATCH; first = false) {
      links = await this.database.query<Link>(LINKS, [position, BATCH]);
      for (const link of links) {
        const at = Number(link.position);
        const expected = link.text === null ? null : sealOf(hash, link.text);
        if (at !== position + 1 || !expected?.equals(link.hash)) brokenAt ??= Math.min(at, position + 1);
        [position, hash] = [at, link.hash];
      }
    }
    const [rest] = await this.database.query<{ unsealed: number; strangers: number }>(REST);
    const { unsealed = 0, strangers = 0 } = rest ?? {};
    const isWhole = brokenAt === null && strangers === 0;
    return { isWhole, entries: position, head: hash.toString('hex'), brokenAt, unsealed, strangers };
  }

  private sealBatch(): Promise<number> {
    return this.database.transaction(async () => {
      await this.database.query('SELECT pg_advisory_xact_lock($1)', [SEALING]);
      const [head] = await this.database.query<{ position: string; hash: Buffer }>(HEAD);
      const due = await this.database.query<{ id: string; text: string }>(DUE, [BATCH]);
      let hash = head?.hash ?? START;
      const hashes = due.map(({ text }) => (hash = sealOf(hash, text)));
      if (due.length > 0)
        await this.database.execute(SEAL, [head?.position ?? 0, due.map(({ id }) => id), hashes]);
      return due.length;
    });
  }
}

const sealOf = (before: Buffer, text: string): Buffer =>
  createHash('sha256').update(before).update(text).digest();

// Written by PostgreSQL both times, so that no driver's idea of a time or a number comes between.
// Entries from before there was a network have their seals without one.
const TEXT = `
  (jsonb_build_array(e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor_kind, e.actor_id,
    e.impersonator_id, e.action, e.subject_type, e.subject_id, e.request_id, e.details)
    || CASE WHEN e.network IS NULL THEN '[]' ELSE jsonb_build_array(e.network) END)::text`;
const HEAD = 'SELECT position, hash FROM platform.audit_seals ORDER BY position DESC LIMIT 1';
const DUE = `
  WITH due AS (
    DELETE FROM platform.audit_unsealed
    WHERE entry_id IN (SELECT entry_id FROM platform.audit_unsealed ORDER BY entry_id LIMIT $1) RETURNING entry_id
  )
  SELECT e.id, ${TEXT} AS text FROM due JOIN platform.audit_entries e ON e.id = due.entry_id ORDER BY e.id`;
const SEAL = `
  INSERT INTO platform.audit_seals (position, entry_id, hash)
  SELECT $1::bigint + n, entry_id, hash FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS s (entry_id, hash, n)`;
const LINKS = `
  SELECT s.position, s.hash, CASE WHEN e.id IS NULL THEN NULL ELSE ${TEXT} END AS text
  FROM platform.audit_seals s LEFT JOIN platform.audit_entries e ON e.id = s.entry_id
  WHERE s.position > $1 ORDER BY s.position LIMIT $2`;
const REST = `
  SELECT (SELECT count(*)::int FROM platform.audit_unsealed) AS unsealed,
    (SELECT count(*)::int FROM platform.audit_entries e
      WHERE NOT EXISTS (SELECT FROM platform.audit_seals s WHERE s.entry_id = e.id)
        AND NOT EXISTS (SELECT FROM platform.audit_unsealed u WHERE u.entry_id = e.id)) AS strangers`;
