import { Injectable, Logger } from '@nestjs/common';
import { realNow } from '../clock.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { seal, unseal } from '../sealed.js';
import { type KeyRing, makeKeys, readKeys, unwrap, wrap, type WrappedKey, WRAPPING } from './wrapped-keys.js';

/** How long a key that another process has destroyed may still be believed in this one. */
const BELIEVED_MS = 1_000;
const MAX_CACHED = 10_000;
/** Keys that are wrapped anew in one transaction. */
const BATCH = 200;

export interface SealedText {
  subjectId: string;
  /** Where it is kept (`table|column|row id`): moved to another place, it does not open. */
  place: string;
  sealed: Buffer;
}

/**
 * A key for each person, with which the personal data of that person is sealed wherever it is kept: when the key is
 * destroyed, the data is erased in every copy that was made of it.
 *
 * The keys themselves are wrapped with a key of SECRET_KEY. A backup holds them as they were, so what makes them
 * worthless there is a change of SECRET_KEY: they are wrapped anew here, and the former SECRET_KEY is thrown away.
 */
@Injectable()
export class SubjectKeys {
  private readonly log = new Logger('subject-keys');
  private readonly ring: KeyRing;
  private readonly known = new Map<string, { key: Buffer | null; until: number }>();
  /** What a running transaction has made and destroyed: nobody else may see it before the commit. */
  private readonly own = new WeakMap<object, Map<string, Buffer | null>>();

  constructor(
    private readonly database: Database,
    config: Config,
  ) {
    this.ring = config.keyRing(WRAPPING);
  }

  /** In the caller's transaction. Who has a key keeps it, and whose key was destroyed gets no other. */
  async create(subjectId: string): Promise<void> {
    const made = await makeKeys(this.ask, this.ring, [subjectId]);
    for (const [id, key] of made) this.ownOf().set(id, key);
  }

  /** In the transaction that has created the key, when nothing was sealed with it after all: as if it had never been. */
  async takeBack(subjectId: string): Promise<void> {
    if (!this.ownOf().delete(subjectId)) throw new Error('only who made a key can take it back');
    await this.database.execute('DELETE FROM platform.subject_keys WHERE subject_id = $1', [subjectId]);
  }

  /** Seals a text for this place (`table|column|row id`). Throws when the subject has no key, or none any more. */
  async seal(subjectId: string, place: string, text: string): Promise<Buffer> {
    const key = (await this.keysOf([subjectId])).get(subjectId);
    if (!key) throw new Error(`${place}: its subject has no key`);
    return seal(key, text, place);
  }

  /** Null when the key was destroyed. Throws when the text was sealed for another place, or was changed. */
  async open(subjectId: string, place: string, sealed: Buffer): Promise<string | null> {
    const [text = null] = await this.openAll([{ subjectId, place, sealed }]);
    return text;
  }

  /** As `open`, in the order of the rows, with one query at most for the keys of all of them. */
  async openAll(rows: readonly SealedText[]): Promise<(string | null)[]> {
    const keys = await this.keysOf(rows.map(({ subjectId }) => subjectId));
    return rows.map(({ subjectId, place, sealed }) => {
      const key = keys.get(subjectId);
      return key ? unseal(key, sealed, place) : null;
    });
  }

  /**
   * In the caller's transaction: what is sealed for the subject never opens again. After the commit at once here, and
   * within a second in other processes, which may have looked a moment before.
   */
  async destroy(subjectId: string): Promise<void> {
    await this.database.execute(DESTROY, [subjectId, this.ring[0].id]);
    this.ownOf().set(subjectId, null);
    this.database.afterCommit(() => this.known.delete(subjectId));
  }

  /**
   * Wraps with the present key what is wrapped with the one of SECRET_KEY_PREVIOUS; a scheduled job calls it. Any number
   * of processes may do it at a time. Returns how many it was, and says so in the log when nothing is left.
   */
  async rewrap(): Promise<number> {
    const former = this.ring.slice(1).map(({ id }) => id);
    let done = 0;
    for (let some = former.length === 0 ? 0 : BATCH; some > 0;) {
      some = await this.database.transaction(() => this.rewrapSome(former));
      done += some;
    }
    const left = await this.elsewhere();
    if (left > 0) this.log.warn(`${left} subject keys are not wrapped with the present SECRET_KEY`);
    else if (done > 0) this.log.log('no subject key needs SECRET_KEY_PREVIOUS any more');
    return done;
  }

  /** Living keys that are not wrapped with the present key of SECRET_KEY. */
  async elsewhere(): Promise<number> {
    const [row] = await this.database.query<{ count: string }>(ELSEWHERE, [this.ring[0].id]);
    return Number(row?.count ?? 0);
  }

  private async rewrapSome(former: string[]): Promise<number> {
    const [present] = this.ring;
    const rows = await this.database.query<WrappedKey>(HOLD, [former, BATCH]);
    const wrapped = rows.map((row) => {
      const key = unwrap(this.ring, row);
      return key && wrap(present, row.subjectId, key);
    });
    await this.database.execute(REWRAP, [rows.map(({ subjectId }) => subjectId), wrapped, present.id]);
    return rows.length;
  }

  private async keysOf(subjectIds: readonly string[]): Promise<Map<string, Buffer | null>> {
    const now = realNow().getTime();
    const keys = new Map<string, Buffer | null>();
    const own = this.database.inTransaction ? this.ownOf() : null;
    const unknown = new Set<string>();
    for (const id of subjectIds) {
      const known = this.known.get(id);
      const key = own?.get(id) ?? (own?.has(id) ? null : undefined);
      if (key !== undefined) keys.set(id, key);
      else if (known && known.until > now) keys.set(id, known.key);
      else unknown.add(id);
    }
    if (unknown.size === 0) return keys;
    if (this.known.size + unknown.size > MAX_CACHED) this.known.clear();
    for (const [id, key] of await readKeys(this.ask, this.ring, [...unknown])) {
      keys.set(id, key);
      // Counted from before the look: a key that was destroyed since is believed no longer than promised.
      this.known.set(id, { key, until: now + BELIEVED_MS });
    }
    return keys;
  }

  private ownOf(): Map<string, Buffer | null> {
    const transaction = this.database.transactionToken();
    const own = this.own.get(transaction) ?? new Map<string, Buffer | null>();
    this.own.set(transaction, own);
    return own;
  }

  private readonly ask = <R extends object>(sql: string, values: unknown[]): Promise<R[]> =>
    this.database.query<R>(sql, values);
}

// A row even for who never had a key: nobody gets one afterwards.
const DESTROY = `
  INSERT INTO platform.subject_keys AS k (subject_id, key_id, destroyed_at) VALUES ($1, $2, now())
  ON CONFLICT (subject_id) DO UPDATE SET wrapped = NULL, destroyed_at = coalesce(k.destroyed_at, excluded.destroyed_at)`;
const HOLD = `
  SELECT subject_id AS "subjectId", key_id AS "keyId", wrapped FROM platform.subject_keys
  WHERE key_id = ANY ($1::text[]) AND wrapped IS NOT NULL ORDER BY key_id, subject_id LIMIT $2 FOR UPDATE SKIP LOCKED`;
const REWRAP = `
  UPDATE platform.subject_keys k SET wrapped = w.wrapped, key_id = $3
  FROM unnest($1::uuid[], $2::bytea[]) AS w (subject_id, wrapped) WHERE k.subject_id = w.subject_id`;
// Not <>, which no index serves.
const ELSEWHERE = `
  SELECT count(*) FROM platform.subject_keys WHERE wrapped IS NOT NULL AND (key_id < $1 OR key_id > $1)`;
