import type { Address } from '../../platform/address/address.js';
import type { Certificate } from '../tax/tax-rules.js';
import type { VatVerdict } from '../tax/vat-id.js';

export const MAX_LINES = 100;
export const MAX_QUANTITY = 999;
/** Promotions that one cart may meet. */
export const MAX_PROMOTIONS = 500;
/** What promotions give comes to the lines of the cart. */
export const MAX_SHOWN_LINES = MAX_LINES + MAX_PROMOTIONS;

/** Who gets a gift card, by whom told, and when. */
export interface GiftCardFor {
  recipientEmail: string;
  recipientName: string | null;
  message: string | null;
  /** ISO 8601; null: as soon as it is paid. */
  sendAt: string | null;
}

export interface CartLine {
  id: string;
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  quantity: number;
  /** Price when it was put in; only shown when the variant is no longer sold. */
  unitAmount: bigint;
  /** Who gets it, when it is a gift card; null: the buyer. */
  giftCard: GiftCardFor | null;
}

/** What a shopper is about to buy. It holds no stock; prices are today's whenever it is read. */
export interface Cart {
  id: string;
  tokenHash: Buffer | null;
  customerId: string | null;
  currency: string;
  email: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  /** As they are compared (`foldCode`), each once. */
  promotionCodes: string[];
  vatId: string | null;
  vatCheck: VatVerdict | null;
  /** By which its customer pays no tax somewhere. */
  certificates: Certificate[];
  state: 'active' | 'ordered';
  version: number;
  lines: CartLine[];
}
