import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { Database } from '../../platform/database/database.js';
import { Money } from '../../platform/money/money.js';
import { isSafe } from '../order/order-money.js';
import { OrderRepository } from '../order/order.repository.js';
import { cardsDue } from './cards-due.js';

/** Cards that were bought: billing keeps them, once the order that buys them is placed and its money is there. */
@Injectable()
export class GiftCardOrders {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly billing: BillingApi,
  ) {}

  /** Issues the cards of an order that is paid. Repeating it is harmless: a piece has one card. */
  async issueFor(orderId: string): Promise<void> {
    const seen = await this.orders.find(orderId);
    if (!seen?.lines.some(({ kind }) => kind === 'gift_card')) return;
    await this.database.transaction(async () => {
      // The payments first, as everywhere: a refund or a cancellation waits, and then sees the cards.
      const payments = await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      const lines = order ? cardsDue(order, payments) : [];
      if (!order || lines.length === 0) return;
      const { currency } = order;
      const paymentId = payments.find(isSafe)?.id ?? null;
      for (const { id: lineId, quantity, unitPrice, giftCard } of lines)
        await this.billing.issueGiftCards({
          orderId,
          paymentId,
          lineId,
          quantity,
          amount: Money.of(unitPrice, currency),
          recipient: {
            email: giftCard?.recipientEmail ?? order.email,
            name: giftCard?.recipientName ?? null,
            message: giftCard?.message ?? null,
            sendAt: giftCard?.sendAt == null ? null : new Date(giftCard.sendAt),
          },
        });
    });
  }
}
