import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { INVOICE, type Invoice, type InvoiceRow, toInvoice } from './invoice.repository.js';

/** Invoices by the person who has to pay them: the customer's own, and those of a guest with the address. */
@Injectable()
export class InvoicePeopleRepository {
  constructor(private readonly database: Database) {}

  /** `hashes` are those of the address. */
  async theirs(
    customerId: string | null,
    hashes: readonly Buffer[],
    after: string | null,
    limit: number,
  ): Promise<Invoice[]> {
    const rows = await this.database.query<InvoiceRow>(
      `SELECT ${INVOICE} FROM billing.invoices i WHERE ${THEIRS} AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`,
      [customerId, hashes, after, limit],
    );
    return rows.map(toInvoice);
  }

  async hold(customerId: string | null, hashes: readonly Buffer[]): Promise<void> {
    await this.database.query(`SELECT FROM billing.invoices i WHERE ${THEIRS} ORDER BY id FOR UPDATE`, [
      customerId,
      hashes,
    ]);
  }

  /** In the caller's transaction: takes off what no law wants kept. */
  async anonymise(customerId: string | null, hashes: readonly Buffer[]): Promise<void> {
    await this.database.execute(
      `UPDATE billing.invoices i SET customer_id = NULL, contact = NULL, contact_hash = NULL WHERE ${THEIRS}`,
      [customerId, hashes],
    );
  }
}

const THEIRS = `(i.customer_id = $1::uuid OR (i.customer_id IS NULL AND i.contact_hash = ANY ($2::bytea[])))`;
