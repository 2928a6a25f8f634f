import type { SellableDownload, VariantKind } from '../../catalog/catalog.api.js';
import { Money } from '../../platform/money/money.js';
import type { Address } from '../../platform/address/address.js';
import type { GiftCardFor } from '../cart/cart.js';
import type { OrderDiscount } from './order-discount.js';
import type { Statuses } from './order.statuses.js';

export interface OrderTaxLine {
  /** Null: the tax of shipping. */
  lineId: string | null;
  taxClass: string;
  title: string;
  ratePpm: number;
  base: bigint;
  amount: bigint;
}

/** What one piece of a bundle was made of when it was ordered: for the packing slip, and for the stock. */
export interface OrderComponent {
  variantId: string;
  sku: string;
  title: string;
  quantity: number;
  stockTracked: boolean;
}

export interface OrderLine {
  id: string;
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  variantTitle: string | null;
  options: Record<string, string>;
  quantity: number;
  fulfilled: number;
  /** The day that it was promised for, when it was sold before it was there. */
  promisedFor: Date | null;
  kind: VariantKind;
  /** Who gets it, when it is a gift card; null: the buyer, or erased. */
  giftCard: GiftCardFor | null;
  /** Null for what is not digital. */
  download: SellableDownload | null;
  /** False: nobody counts it. */
  stockTracked: boolean;
  /** Null for what is no bundle. */
  components: OrderComponent[] | null;
  /** The promotion that gives it; null: it was bought. */
  givenBy: string | null;
  unitPrice: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
}

export interface OrderHistoryEntry extends Statuses {
  at: Date;
  event: string;
  actorKind: string;
  note: string | null;
}

export interface Fulfilment {
  id: string;
  carrier: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  createdAt: Date;
  lines: { lineId: string; quantity: number }[];
}

/** An order: a frozen copy of what was bought; only its statuses, its history and what was sent go on. */
export interface Order extends Statuses {
  id: string;
  number: string;
  cartId: string;
  customerId: string | null;
  /** SHA-256 of the cart's token, which goes on opening the order. */
  tokenHash: Buffer | null;
  currency: string;
  email: string;
  /** Null, like the three below, when nothing of it is sent. */
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  shippingTitle: string | null;
  shippingChosenBy: string | null;
  pricesIncludeTax: boolean;
  taxZone: string;
  subtotal: bigint;
  discount: bigint;
  shipping: bigint;
  tax: bigint;
  total: bigint;
  /** Unpaid until then, it gives its stock back. */
  expiresAt: Date;
  placedAt: Date | null;
  createdAt: Date;
  version: number;
  lines: OrderLine[];
  taxLines: OrderTaxLine[];
  /** What promotions took off; their sum is `discount`. */
  discounts: OrderDiscount[];
  history: OrderHistoryEntry[];
  fulfilments: Fulfilment[];
}

/** Whether anything of it is held and sent from the stock. */
export const takesStock = ({ lines }: Order): boolean =>
  lines.some(({ stockTracked, components }) =>
    components ? components.some((part) => part.stockTracked) : stockTracked,
  );

export const totalOf = (order: Order): Money => Money.of(order.total, order.currency);
