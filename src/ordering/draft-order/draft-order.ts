import type { Certificate } from '../tax/tax-rules.js';
import type { Address } from '../../platform/address/address.js';
import { Money } from '../../platform/money/money.js';
import type { Cart } from '../cart/cart.js';
import type { SetPrices } from '../checkout/set-prices.js';

export const DRAFT_STATES = ['open', 'placed'] as const;

export interface DraftLine {
  id: string;
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  quantity: number;
  /** Of one piece, in minor units: what staff have set, or what it cost when it was put in. */
  unitAmount: bigint;
  /** Why staff have set the price; null: it has today's. */
  priceReason: string | null;
}

/** An order that staff write for somebody. Like a cart it holds nothing, and costs what it costs today. */
export interface DraftOrder {
  id: string;
  state: (typeof DRAFT_STATES)[number];
  customerId: string | null;
  email: string;
  currency: string;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  promotionCodes: string[];
  note: string | null;
  lines: DraftLine[];
  /** What it became. */
  orderId: string | null;
  createdBy: string | null;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

/** The draft as the one judgement over carts sees it; `certificates` are those of exemption from tax that its customer has. */
export const cartOf = (draft: DraftOrder, certificates: Certificate[]): Cart => ({
  id: draft.id,
  tokenHash: null,
  restoreHash: null,
  customerId: draft.customerId,
  currency: draft.currency,
  email: draft.email,
  shippingAddress: draft.shippingAddress,
  billingAddress: draft.billingAddress,
  shippingOptionId: draft.shippingOptionId,
  promotionCodes: draft.promotionCodes,
  pickupPointId: null,
  pickupPoint: null,
  remindSince: null,
  giftMessage: null,
  vatId: null,
  vatCheck: null,
  certificates,
  state: 'active',
  version: draft.version,
  lines: draft.lines.map(({ priceReason: _, ...line }) => ({ ...line, giftCard: null, properties: null })),
});

/** The prices that staff have set. */
export const pricesOf = ({ lines, currency }: DraftOrder): SetPrices =>
  new Map(
    lines.flatMap(({ variantId, unitAmount, priceReason }) =>
      priceReason === null ? [] : [[variantId, Money.of(unitAmount, currency)] as const],
    ),
  );
