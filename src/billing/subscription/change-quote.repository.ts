import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** Quotes that were confirmed. The caller holds the lock of their subscription. */
@Injectable()
export class ChangeQuoteRepository {
  constructor(private readonly database: Database) {}

  async isUsed(quote: Buffer): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM billing.used_quotes WHERE quote = $1', [quote]);
    return rows.length > 0;
  }

  async use(quote: Buffer, subscriptionId: string, at: Date): Promise<void> {
    await this.database.execute(
      'INSERT INTO billing.used_quotes (quote, subscription_id, used_at) VALUES ($1, $2, $3)',
      [quote, subscriptionId, at],
    );
  }

  /** Forgets those of before: whoever sends one again is told that it is out of date. */
  async forget(before: Date): Promise<void> {
    await this.database.execute('DELETE FROM billing.used_quotes WHERE used_at < $1', [before]);
  }
}
