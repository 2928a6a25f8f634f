import type { Address } from '../../platform/address/address.js';

export interface BasketLine {
  readonly variantId: string;
  readonly quantity: number;
}

/** What a subscription to goods sends each period. It holds nothing, and has no prices: each order has those of its day. */
export interface Basket {
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly shippingAddress: Address;
  readonly billingAddress: Address | null;
  readonly shippingOptionId: string | null;
  readonly lines: readonly BasketLine[];
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A period of a subscription to goods, as billing tells it. */
export interface PeriodOfGoods {
  readonly subscriptionId: string;
  readonly customerId: string | null;
  readonly planId: string;
  readonly quantity: number;
  readonly scheduleNo: number;
  readonly periodIndex: number;
  readonly periodStart: string;
}

export const PERIOD_STATES = ['due', 'ordered', 'missed'] as const;

/** What a period became: one order, or none and why. */
export interface PeriodOrder {
  readonly id: string;
  readonly subscriptionId: string;
  readonly periodStart: string;
  readonly state: (typeof PERIOD_STATES)[number];
  readonly orderId: string | null;
  readonly operationId: string | null;
  readonly code: string | null;
  readonly createdAt: Date;
}
