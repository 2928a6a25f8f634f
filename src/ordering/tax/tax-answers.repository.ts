import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Subject } from '../../platform/personal-data/personal-data.js';
import type { ExternalTaxes } from './external-tax.js';

/** What somebody outside has said: providers of taxes. */
@Injectable()
export class TaxAnswersRepository {
  constructor(private readonly database: Database) {}

  /** What a provider has answered to the question of this hash since then; null: nothing, since `silentSince`. */
  async taxes(hash: string, since: Date, silentSince: Date): Promise<ExternalTaxes | null | undefined> {
    const values = [hash, since, silentSince];
    const [row] = await this.database.query<{ taxes: ExternalTaxes | null }>(TAXES, values);
    return row?.taxes;
  }

  /**
   * The first answer stays, so that two who ask at once are shown the same; one that is too old gives way, and so does none (null).
   */
  async keepTaxes(
    hash: string,
    taxes: ExternalTaxes | null,
    now: Date,
    tooOld: Date,
  ): Promise<ExternalTaxes | null> {
    const values = [hash, taxes && JSON.stringify(taxes), now, tooOld];
    const [row] = await this.database.query<{ taxes: ExternalTaxes | null }>(KEEP_TAXES, values);
    return row?.taxes ?? null;
  }

  async forget(before: Date): Promise<void> {
    await this.database.execute('DELETE FROM ordering.tax_quotes WHERE answered_at < $1', [before]);
  }

  /** The VAT ids in the carts and orders of a person: asked before these are erased. */
  async vatIdsOf({ customerId, email }: Subject): Promise<string[]> {
    const rows = await this.database.query<{ vatId: string }>(VAT_IDS, [customerId, email]);
    return rows.map(({ vatId }) => vatId);
  }
}

const TAXES = `
  SELECT taxes FROM ordering.tax_quotes
  WHERE hash = $1 AND answered_at > CASE WHEN taxes IS NULL THEN $3::timestamptz ELSE $2::timestamptz END`;
const GIVES_WAY = 'q.taxes IS NULL OR q.answered_at <= $4';
const KEEP_TAXES = `
  INSERT INTO ordering.tax_quotes AS q (hash, taxes, answered_at) VALUES ($1, $2, $3)
  ON CONFLICT (hash) DO UPDATE SET
    taxes = CASE WHEN ${GIVES_WAY} THEN excluded.taxes ELSE q.taxes END,
    answered_at = CASE WHEN ${GIVES_WAY} THEN excluded.answered_at ELSE q.answered_at END
  RETURNING taxes`;
const THEIRS = `(t.customer_id = $1::uuid OR (t.customer_id IS NULL AND lower(t.email) = lower($2)))`;
const VAT_IDS = `
  SELECT t.vat_id AS "vatId" FROM ordering.carts t WHERE t.vat_id IS NOT NULL AND ${THEIRS}
  UNION SELECT t.taxation->>'vatId' FROM ordering.orders t WHERE t.taxation->>'vatId' IS NOT NULL AND ${THEIRS}`;
