import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Any number; it keeps two processes from filling the same store. */
const FILLING = 4_711_010;

@Injectable()
export class DemoCatalogRepository {
  constructor(private readonly database: Database) {}

  /** Whether nothing was ever made here. Whoever asks is alone until the transaction ends. */
  async claimEmpty(): Promise<boolean> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [FILLING]);
    const [row] = await this.database.query<{ empty: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM catalog.products) AND NOT EXISTS (SELECT FROM catalog.categories)
        AND NOT EXISTS (SELECT FROM catalog.locations WHERE code <> 'main') AS empty`,
    );
    return row?.empty ?? false;
  }
}
