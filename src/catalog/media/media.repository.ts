import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { UploadedMediaDto } from './media.dto.js';
import { fullUrlSql, renditionsSql } from './media.json.js';
import type { PictureType, Rendition } from './picture.js';

export interface NewMedia {
  id: string;
  sha256: Buffer;
  contentType: PictureType;
  bytes: number;
  width: number;
  height: number;
  fileName: string | null;
  alt: string | null;
  createdBy: string | null;
}

/** A picture in the hands of a worker. */
export interface MediaWork {
  /** How often a worker has begun with it, this time included. */
  attempts: number;
  /** Names of the sizes that are there. */
  made: string[];
}

export interface StoredRendition {
  contentType: string;
  bytes: number;
  /** SHA-256 in base64url. */
  digest: string;
}

/** How long a worker may be silent before another one takes the picture over. */
const LEASE = '2 min';
/** An upload that is not over by then is none: what it has put into the store is taken away. */
const UPLOAD_WITHIN = '1 h';
/** Longer than a lease: nobody puts a file of a picture into the store after its row was gone for so long. */
const SETTLED_AFTER = '10 min';

@Injectable()
export class MediaRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  async find(id: string): Promise<UploadedMediaDto | null> {
    const [row] = await this.database.query<{ json: UploadedMediaDto }>(
      `SELECT ${mediaJson('$2::text')} AS json FROM catalog.media m WHERE m.id = $1`,
      [id, this.config.mediaBaseUrl],
    );
    return row?.json ?? null;
  }

  async list(
    filter: { state: string | null; unused: boolean | null },
    after: string | null,
    limit: number,
  ): Promise<UploadedMediaDto[]> {
    const values: unknown[] = [this.config.mediaBaseUrl, limit];
    const conditions = ['true'];
    if (filter.state !== null) conditions.push(`m.state = $${values.push(filter.state)}`);
    if (filter.unused !== null) conditions.push(filter.unused ? `NOT ${USED}` : USED);
    if (after !== null) conditions.push(`m.id < $${values.push(after)}`);
    const rows = await this.database.query<{ json: UploadedMediaDto }>(
      `SELECT ${mediaJson('$1::text')} AS json FROM catalog.media m
       WHERE ${conditions.join(' AND ')} ORDER BY m.id DESC LIMIT $2`,
      values,
    );
    return rows.map(({ json }) => json);
  }

  /** The id of the picture with these bytes, which from now on counts as just sent; null when there is none. */
  async reuse(sha256: Buffer): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'UPDATE catalog.media SET unused_since = NULL WHERE sha256 = $1 RETURNING id',
      [sha256],
    );
    return row?.id ?? null;
  }

  /** Writes down that files of this id may come into the store, before they do. */
  async announce(id: string): Promise<void> {
    await this.database.execute(
      `INSERT INTO catalog.media_leftovers (media_id, due_at, doomed) VALUES ($1, now() + '${UPLOAD_WITHIN}'::interval, false)`,
      [id],
    );
  }

  /** The files of an announced id have a row now; false when they are being taken away already. */
  async keep(id: string): Promise<boolean> {
    const kept = 'DELETE FROM catalog.media_leftovers WHERE media_id = $1 AND NOT doomed';
    return (await this.database.execute(kept, [id])) === 1;
  }

  /** The files of this id are to go, once nobody can be writing any. */
  async doom(id: string): Promise<void> {
    await this.database.execute(
      `INSERT INTO catalog.media_leftovers (media_id, due_at, doomed) VALUES ($1, now() + '${SETTLED_AFTER}'::interval, true)
       ON CONFLICT (media_id) DO UPDATE SET due_at = excluded.due_at, doomed = true`,
      [id],
    );
  }

  /** False when another row has these bytes: that one is the picture. */
  async insert(media: NewMedia, now: Date): Promise<boolean> {
    const { id, sha256, contentType, bytes, width, height, fileName, alt, createdBy } = media;
    const inserted = await this.database.execute(
      `INSERT INTO catalog.media (id, sha256, content_type, bytes, width, height, file_name, alt, created_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (sha256) DO NOTHING`,
      [id, sha256, contentType, bytes, width, height, fileName, alt, createdBy, now],
    );
    return inserted === 1;
  }

  /**
   * Locks the picture so that no product can begin to show it until the commit, and whoever just began is seen
   * afterwards; null when there is none.
   */
  async lock(id: string): Promise<{ version: number; state: string } | null> {
    const [row] = await this.database.query<{ version: number; state: string }>(
      'SELECT version, state FROM catalog.media WHERE id = $1 FOR UPDATE',
      [id],
    );
    return row ?? null;
  }

  async setAlt(id: string, alt: string | null): Promise<void> {
    await this.database.execute('UPDATE catalog.media SET alt = $2, version = version + 1 WHERE id = $1', [
      id,
      alt,
    ]);
  }

  /** A foreign key violation when somebody shows it. */
  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.media WHERE id = $1', [id]);
  }

  /** A failed one begins anew. */
  async reset(id: string): Promise<void> {
    await this.database.execute(
      `UPDATE catalog.media SET state = 'pending', failure = NULL, attempts = 0, leased_until = NULL, version = version + 1
       WHERE id = $1`,
      [id],
    );
  }

  /** Takes a picture for this worker; null when it is done, gone or in other hands. */
  async claim(id: string, worker: string): Promise<MediaWork | null> {
    const [work] = await this.database.query<MediaWork>(
      `UPDATE catalog.media m SET worker = $2, leased_until = now() + '${LEASE}'::interval, attempts = attempts + 1
       WHERE id = $1 AND state = 'pending' AND (leased_until IS NULL OR leased_until < now())
       RETURNING attempts,
         ARRAY(SELECT name FROM catalog.media_renditions r WHERE r.media_id = m.id) AS made`,
      [id, worker],
    );
    return work ?? null;
  }

  /** Keeps the lease; false when the picture is gone or in other hands. */
  async holds(id: string, worker: string): Promise<boolean> {
    const held = await this.database.execute(
      `UPDATE catalog.media SET leased_until = now() + '${LEASE}'::interval
       WHERE id = $1 AND worker = $2 AND state = 'pending'`,
      [id, worker],
    );
    return held === 1;
  }

  /** Lets another try have it at once. */
  async release(id: string, worker: string): Promise<void> {
    await this.database.execute(
      'UPDATE catalog.media SET leased_until = NULL WHERE id = $1 AND worker = $2',
      [id, worker],
    );
  }

  async addRendition(id: string, worker: string, rendition: Rendition, sha256: Buffer): Promise<void> {
    const { name, width, height, contentType, bytes } = rendition;
    await this.database.execute(
      `INSERT INTO catalog.media_renditions (media_id, name, width, height, content_type, bytes, sha256)
       SELECT id, $3, $4, $5, $6, $7, $8 FROM catalog.media WHERE id = $1 AND worker = $2 AND state = 'pending'
       ON CONFLICT ON CONSTRAINT media_renditions_pk DO NOTHING`,
      [id, worker, name, width, height, contentType, bytes.length, sha256],
    );
  }

  /** Ends the work: ready, or failed for a reason. False when it is not this worker's any more. */
  async finish(id: string, worker: string, failure: string | null): Promise<boolean> {
    const finished = await this.database.execute(
      `UPDATE catalog.media SET state = CASE WHEN $3::text IS NULL THEN 'ready' ELSE 'failed' END, failure = $3,
         leased_until = NULL, version = version + 1
       WHERE id = $1 AND worker = $2 AND state = 'pending'`,
      [id, worker, failure],
    );
    return finished === 1;
  }

  /** Pictures whose worker has been silent for too long; they are left alone for another while. */
  async abandoned(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE catalog.media SET leased_until = now()
       WHERE state = 'pending' AND leased_until < now() - '5 s'::interval RETURNING id`,
    );
    return rows.map(({ id }) => id);
  }

  async rendition(id: string, name: string): Promise<StoredRendition | null> {
    const [row] = await this.database.look<{ contentType: string; bytes: number; sha256: Buffer }>(
      `SELECT content_type AS "contentType", bytes, sha256 FROM catalog.media_renditions WHERE media_id = $1 AND name = $2`,
      [id, name],
    );
    return row ? { ...row, digest: row.sha256.toString('base64url') } : null;
  }

  /** Products that show it, in the order of their ids. */
  async productsOf(id: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT product_id AS id FROM catalog.product_media WHERE media_id = $1 ORDER BY 1',
      [id],
    );
    return rows.map((row) => row.id);
  }

  /** Those of these ids that no picture has. The others stay until the commit. */
  async unknown(ids: string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT id FROM catalog.media WHERE id = ANY ($1::uuid[]) ORDER BY id FOR KEY SHARE',
      [ids],
    );
    const known = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !known.has(id));
  }

  /** Remembers since when nobody shows a picture, and forgets it of those that somebody shows again. */
  async noteUnused(now: Date): Promise<void> {
    await this.database.execute(
      `UPDATE catalog.media m SET unused_since = CASE WHEN unused_since IS NULL THEN $1::timestamptz END
       WHERE (unused_since IS NULL) = NOT ${USED}`,
      [now],
    );
  }

  /** Deletes pictures that nobody has shown since then, and dooms their files; answers how many. */
  async deleteUnused(since: Date): Promise<number> {
    return this.database.execute(DELETE_UNUSED, [since]);
  }

  /** Ids whose files are to be taken away now: deleted, or of uploads that were never finished. */
  async leftovers(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'UPDATE catalog.media_leftovers SET doomed = true WHERE due_at < now() RETURNING media_id AS id',
    );
    return rows.map(({ id }) => id);
  }

  async forget(id: string): Promise<void> {
    await this.database.execute('DELETE FROM catalog.media_leftovers WHERE media_id = $1', [id]);
  }
}

const USED = `(EXISTS (SELECT FROM catalog.product_media u WHERE u.media_id = m.id)
  OR EXISTS (SELECT FROM catalog.categories u WHERE u.media_id = m.id)
  OR EXISTS (SELECT FROM catalog.collections u WHERE u.media_id = m.id))`;

const mediaJson = (
  base: string,
): string => `json_build_object('id', m.id, 'state', m.state, 'failure', m.failure,
  'contentType', m.content_type, 'bytes', m.bytes, 'width', m.width, 'height', m.height, 'fileName', m.file_name,
  'alt', m.alt, 'url', ${fullUrlSql(base)}, 'renditions', ${renditionsSql(base)}, 'used', ${USED},
  'version', m.version, 'createdAt', ${instantSql('m.created_at')}, 'createdBy', m.created_by)`;

// One that somebody is just putting into a product is locked and left out, or else the foreign key refuses: then the next run.
const DELETE_UNUSED = `
  WITH old AS MATERIALIZED (
    SELECT m.id FROM catalog.media m WHERE m.unused_since < $1 AND NOT ${USED}
    ORDER BY m.id LIMIT 500 FOR UPDATE SKIP LOCKED
  ),
  gone AS (
    DELETE FROM catalog.media m USING old WHERE m.id = old.id RETURNING m.id
  )
  INSERT INTO catalog.media_leftovers (media_id, due_at, doomed)
  SELECT id, now() + '${SETTLED_AFTER}'::interval, true FROM gone`;
