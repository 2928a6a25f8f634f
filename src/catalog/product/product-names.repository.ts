import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What products are called, by whoever names them: a handle or an id. */
@Injectable()
export class ProductNames {
  constructor(private readonly database: Database) {}

  /** Ids of products that are not archived, by the handles and ids that they were called, in lower case. */
  async idsOf(keys: string[]): Promise<Map<string, string>> {
    if (keys.length === 0) return new Map();
    const rows = await this.database.query<{ key: string; id: string }>(NAMED, [
      [...new Set(keys.map((key) => key.toLowerCase()))],
    ]);
    return new Map(rows.map(({ key, id }) => [key, id]));
  }
}

const NAMED = `
  SELECT handle AS key, id FROM catalog.products WHERE handle = ANY ($1::text[]) AND status <> 'archived'
  UNION ALL
  SELECT id::text, id FROM catalog.products WHERE status <> 'archived' AND id = ANY (ARRAY(
    SELECT k::uuid FROM unnest($1::text[]) k WHERE k ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'))`;
