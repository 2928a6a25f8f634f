import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { InvoiceState } from '../invoice/invoice-content.js';

export interface InvoiceLink {
  readonly id: string;
  readonly invoiceId: string;
  readonly expiresAt: Date;
}

/** An invoice that may have links. */
export interface LinkedInvoice {
  readonly id: string;
  readonly state: InvoiceState;
  readonly dueDate: string | null;
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

  /** Null when nobody knows it, or when it is paid otherwise: with its order, or by a customer who is there at the beginning. */
  async invoice(id: string): Promise<LinkedInvoice | null> {
    const [row] = await this.database.query<LinkedInvoice>(LINKED, [id]);
    return row ?? null;
  }
}

const LINKED = `
  SELECT i.id, i.state, i.due_date::text AS "dueDate" FROM billing.invoices i
  WHERE i.id = $1 AND (EXISTS (SELECT FROM billing.collections c WHERE c.invoice_id = i.id)
    OR EXISTS (SELECT FROM billing.subscriptions s WHERE s.id = i.subscription_id
      AND (s.collection = 'invoice' OR s.state <> 'incomplete')))`;
