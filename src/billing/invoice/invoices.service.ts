import { Injectable } from '@nestjs/common';
import type { Money } from '../../platform/money/money.js';
import type { InvoiceDraft } from './invoice-content.js';

/** What an invoice has become: without a number it waits, as a draft, for the seller's profile. */
export interface Finalized {
  readonly invoiceId: string;
  readonly number: string | null;
  readonly total: Money;
}

/** Makes invoices. */
@Injectable()
export class Invoices {
  /**
   * In the caller's transaction: the invoice with its postings, and last of all its number, so call it last. One that the seller's
   * profile is not complete for stays a draft, without a number, and is finalised by itself when it is. 422
   * `billing.invoice_invalid` when its sums do not hold: no number is spent on it. An invoice of nothing is paid at once.
   */
  finalize(_draft: InvoiceDraft): Promise<Finalized> {
    throw new Error('not yet');
  }

  /**
   * In the caller's transaction: money that came for an invoice without an order is taken to it; repeating it takes nothing
   * twice. Answers what is still open.
   */
  applyPayments(_invoiceId: string): Promise<Money> {
    throw new Error('not yet');
  }

  /** In the caller's transaction: ends an invoice that nobody has paid; its number stays in the register. */
  void(_invoiceId: string, _reason: string): Promise<void> {
    throw new Error('not yet');
  }

  /** In the caller's transaction: nobody expects its money any more; what comes all the same is taken. */
  writeOff(_invoiceId: string, _reason: string): Promise<void> {
    throw new Error('not yet');
  }
}
