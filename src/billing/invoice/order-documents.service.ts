import { Injectable } from '@nestjs/common';
import type { OrderState } from './order-state.js';

/** Invoices and credit notes of orders: together they say what the order says. */
@Injectable()
export class OrderDocuments {
  /** See `BillingApi.documentOrder`. */
  bringUpTo(_state: OrderState): Promise<void> {
    throw new Error('not yet');
  }
}
