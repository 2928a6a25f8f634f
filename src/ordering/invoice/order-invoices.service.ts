import { Injectable } from '@nestjs/common';
import {
  BillingApi,
  type BuyerInvoice,
  type DocumentWish,
  type Drawn,
  type OrderState,
} from '../../billing/billing.api.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { ChangeRepository } from '../change/change.repository.js';
import { OrderAccess } from '../order/order-access.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { TaxRepository } from '../tax/tax.repository.js';
import { orderState } from './order-state.js';

/** Hands orders over to billing, which invoices and credits what they come to. */
@Injectable()
export class OrderInvoices {
  constructor(
    private readonly orders: OrderRepository,
    private readonly changes: ChangeRepository,
    private readonly taxes: TaxRepository,
    private readonly billing: BillingApi,
    private readonly access: OrderAccess,
  ) {}

  /**
   * In the caller's transaction: the documents of an order say what it comes to now. Repeating it does nothing. An order that was
   * never placed has none; while a change waits to be paid they stay as they are, because it may be taken back.
   */
  async bringUpTo(orderId: string, reason: OrderState['reason']): Promise<void> {
    const order = await this.orders.find(orderId);
    if (!order || order.placedAt === null) return;
    if (order.status === 'placed' && (await this.changes.awaitingOf(orderId))) return;
    const { origin } = await this.taxes.settings();
    await this.billing.documentOrder(orderState(order, origin?.country ?? null, reason));
  }

  /** For whoever may read the order; 404 for everybody else. */
  async of(orderId: string, holder: Holder): Promise<BuyerInvoice[]> {
    const order = await this.orders.find(orderId);
    if (!order || !(await this.access.mayRead(holder, order))) throw platformProblems.not_found();
    return this.billing.invoicesOf(orderId);
  }

  /** An invoice or a credit note of the order as a file, for whoever may read it. */
  async document(orderId: string, holder: Holder, wish: DocumentWish): Promise<Drawn> {
    const order = await this.orders.find(orderId);
    if (!order || !(await this.access.mayRead(holder, order))) throw platformProblems.not_found();
    return this.billing.documentOf(orderId, wish);
  }
}
