import type { Certificate } from '../tax/tax-rules.js';
import type { Address } from '../../platform/address/address.js';
import { Money } from '../../platform/money/money.js';
import type { Cart, CartLine } from '../cart/cart.js';
import type { SetPrices } from '../checkout/set-prices.js';
import type { PickupPoint } from '../shipping/pickup-point.js';
import type { VatVerdict } from '../../platform/vat/vat-id.js';

export const DRAFT_STATES = ['open', 'placed'] as const;

export interface DraftLine extends CartLine {
  /** Why staff have set `unitAmount`; null: it costs what it costs today. */
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
  pickupPointId: string | null;
  /** That point as it is now; null: none is chosen, or it is gone. */
  pickupPoint: PickupPoint | null;
  vatId: string | null;
  vatCheck: VatVerdict | null;
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
  pickupPointId: draft.pickupPointId,
  pickupPoint: draft.pickupPoint,
  remindSince: null,
  giftMessage: null,
  vatId: draft.vatId,
  vatCheck: draft.vatCheck,
  certificates,
  state: 'active',
  version: draft.version,
  lines: draft.lines.map(({ priceReason: _, ...line }) => line),
});

/** The prices that staff have set. */
export const pricesOf = ({ lines, currency }: DraftOrder): SetPrices =>
  new Map(
    lines.flatMap(({ variantId, unitAmount, priceReason }) =>
      priceReason === null ? [] : [[variantId, Money.of(unitAmount, currency)] as const],
    ),
  );
