import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface InvoiceLink {
  readonly id: string;
  readonly invoiceId: string;
  readonly expiresAt: Date;
}

/** Links to pay invoices. Only the hash of a token is kept. */
@Injectable()
export class InvoiceLinkRepository {
  constructor(private readonly database: Database) {}

  async insert(invoiceId: string, tokenHash: Buffer, expiresAt: Date, now: Date): Promise<void> {
    await this.database.execute(
      'INSERT INTO billing.invoice_links (id, invoice_id, token_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)',
      [newId(), invoiceId, tokenHash, expiresAt, now],
    );
  }

  async find(tokenHash: Buffer): Promise<InvoiceLink | null> {
    const [row] = await this.database.query<InvoiceLink>(
      `SELECT id, invoice_id AS "invoiceId", expires_at AS "expiresAt" FROM billing.invoice_links WHERE token_hash = $1`,
      [tokenHash],
    );
    return row ?? null;
  }
}
