import type { Address } from '../../platform/address/address.js';
import type { InvoiceBuyer, InvoiceLine } from './invoice-content.js';

/**
 * What an order comes to at one of its versions, as its documents have to say it: lines with the amounts that the order froze,
 * shipping among them, and without what was taken off since. Of an order that is canceled there are no lines.
 */
export interface OrderState {
  readonly orderId: string;
  readonly orderNumber: string;
  /** Grows with every change: what is older than what billing has heard is not listened to. */
  readonly orderVersion: number;
  readonly customerId: string | null;
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
  readonly buyer: InvoiceBuyer;
  readonly shipTo: Address | null;
  readonly lines: readonly InvoiceLine[];
  readonly taxNote: string | null;
  /** Why it differs from before, for the credit note that says so. */
  readonly reason: 'order_change' | 'product_unsatisfactory' | 'other';
}
