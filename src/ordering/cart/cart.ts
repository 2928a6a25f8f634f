import type { PickupPoint } from '../shipping/pickup-point.js';
import type { Address } from '../../platform/address/address.js';
import type { Certificate } from '../tax/tax-rules.js';
import type { VatVerdict } from '../../platform/vat/vat-id.js';

export const MAX_LINES = 100;
export const MAX_QUANTITY = 999;
/** Characters of a gift message: they fit a sheet beside what is in the parcel. */
export const MAX_GIFT_MESSAGE = 500;
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

/** What tells two lines of one variant apart: whom it is for and how it is made. */
export interface Particulars {
  /** Who gets it, when it is a gift card; null: the buyer. */
  giftCard: GiftCardFor | null;
  /** What the shopper says of these pieces, such as words to engrave; null: nothing. */
  properties: Record<string, string> | null;
}

/** So many pieces of a variant, as somebody wants them. */
export interface Wish extends Particulars {
  variantId: string;
  productId: string;
  sku: string;
  title: string;
  quantity: number;
}

export interface CartLine extends Wish {
  id: string;
  /** Price that was last taken note of; what it costs is today's, unless the variant is no longer sold. */
  unitAmount: bigint;
}

/** What a shopper is about to buy. It holds no stock; prices are today's whenever it is read. */
export interface Cart {
  id: string;
  tokenHash: Buffer | null;
  /** SHA-256 of what the link in a reminder holds. */
  restoreHash: Buffer | null;
  customerId: string | null;
  currency: string;
  email: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  /** As they are compared (`foldCode`), each once. */
  promotionCodes: string[];
  /** Where it is fetched, when it is. */
  pickupPointId: string | null;
  /** That point as it is now; null: none is chosen, or it is gone. */
  pickupPoint: PickupPoint | null;
  /** Words that go into the parcel, when it is a present. */
  giftMessage: string | null;
  vatId: string | null;
  vatCheck: VatVerdict | null;
  /** By which its customer pays no tax somewhere. */
  certificates: Certificate[];
  /** Since when the shopper wants to be reminded of it. */
  remindSince: Date | null;
  state: 'active' | 'ordered' | 'merged';
  version: number;
  lines: CartLine[];
}

/** Since when letters may remind of the cart. Who agrees to them agrees for the address that stands there then. */
export function remindSince(
  cart: Pick<Cart, 'email' | 'remindSince'>,
  email: string | null,
  remindMe: boolean | undefined,
  now: Date,
): Date | null {
  if (remindMe !== undefined) return remindMe ? (cart.remindSince ?? now) : null;
  return email === cart.email ? cart.remindSince : null;
}

/** The same words for the same particulars, in whatever order they were said. */
export function particularsOf({ giftCard, properties }: Particulars): string {
  return JSON.stringify([
    giftCard && [giftCard.recipientEmail, giftCard.recipientName, giftCard.message, giftCard.sendAt],
    properties && Object.entries(properties).sort(([one], [other]) => (one < other ? -1 : 1)),
  ]);
}

/** Whether they are one line of a cart. */
export const isSameLine = (one: Particulars & { variantId: string }, other: typeof one): boolean =>
  one.variantId === other.variantId && particularsOf(one) === particularsOf(other);

/** Pieces of each variant in all, whoever they are for: what prices by quantity, limits and stock go by. */
export function quantitiesOf(
  lines: readonly { variantId: string; quantity: number }[],
): { variantId: string; quantity: number }[] {
  const sums = new Map<string, number>();
  for (const { variantId, quantity } of lines) sums.set(variantId, (sums.get(variantId) ?? 0) + quantity);
  return [...sums].map(([variantId, quantity]) => ({ variantId, quantity }));
}
