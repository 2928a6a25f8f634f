import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { instantSql } from '../../platform/database/instant.js';
import type { DigitalFileDto } from './digital-file.dto.js';

export interface DigitalFile {
  id: string;
  variantId: string;
  name: string;
  contentType: string;
  bytes: number;
  sha256: Buffer;
}

/** What a sale of a variant gives, and since when. */
export interface SoldFile {
  id: string;
  variantId: string;
  name: string;
  bytes: number;
  createdAt: Date;
}

@Injectable()
export class DigitalFileRepository {
  constructor(private readonly database: Database) {}

  /** Those that a sale of the variant gives, the oldest first. */
  list(variantId: string): Promise<DigitalFileDto[]> {
    return this.database.query<DigitalFileDto>(LIST, [variantId]);
  }

  /** The same of many variants. */
  soldWith(variantIds: readonly string[]): Promise<SoldFile[]> {
    return this.database.query<SoldFile>(SOLD_WITH, [variantIds]);
  }

  /** Also one that is not sold any more. */
  async find(id: string): Promise<DigitalFile | null> {
    const [row] = await this.database.query<DigitalFile>(FIND, [id]);
    return row ?? null;
  }

  async insert(file: DigitalFile, now: Date): Promise<void> {
    const { id, variantId, name, contentType, bytes, sha256 } = file;
    await this.database.execute(INSERT, [id, variantId, name, contentType, bytes, sha256, now]);
  }

  /** Takes it out of what is sold from now on; false when the variant does not sell it. */
  async remove(variantId: string, id: string, now: Date): Promise<boolean> {
    return (await this.database.execute(REMOVE, [variantId, id, now])) === 1;
  }
}

const LIST = `
  SELECT id, name, content_type AS "contentType", bytes::float8 AS bytes, encode(sha256, 'hex') AS sha256,
    ${instantSql('created_at')} AS "createdAt"
  FROM catalog.digital_files WHERE variant_id = $1 AND removed_at IS NULL ORDER BY id`;
const SOLD_WITH = `
  SELECT id, variant_id AS "variantId", name, bytes::float8 AS bytes, created_at AS "createdAt"
  FROM catalog.digital_files WHERE variant_id = ANY ($1::uuid[]) AND removed_at IS NULL ORDER BY id`;
const FIND = `
  SELECT id, variant_id AS "variantId", name, content_type AS "contentType", bytes::float8 AS bytes, sha256
  FROM catalog.digital_files WHERE id = $1`;
const INSERT = `
  INSERT INTO catalog.digital_files (id, variant_id, name, content_type, bytes, sha256, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const REMOVE = `
  UPDATE catalog.digital_files SET removed_at = $3 WHERE id = $2 AND variant_id = $1 AND removed_at IS NULL`;
