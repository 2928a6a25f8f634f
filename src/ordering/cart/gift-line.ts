import { createHash } from 'node:crypto';
import type { SellableVariant } from '../../catalog/catalog.api.js';
import { Money } from '../../platform/money/money.js';
import type { GiftLine } from '../calculation/pricing.js';
import type { AssessedLine } from './assessment.js';
import type { Cart } from './cart.js';

/** What a promotion gives, as a line of the cart: it is nowhere stored, so its id is made from what it stands for. */
export function giftLine(
  { id, currency }: Pick<Cart, 'id' | 'currency'>,
  { promotion, variantId, quantity, unitPrice }: GiftLine,
  variants: ReadonlyMap<string, SellableVariant>,
): AssessedLine {
  const variant = variants.get(variantId) ?? null;
  return {
    line: {
      id: idOf(id, promotion.promotionId),
      variantId,
      productId: variant?.productId ?? '',
      sku: variant?.sku ?? '',
      title: variant?.title ?? '',
      quantity,
      unitAmount: unitPrice,
      giftCard: null,
      properties: null,
    },
    variant,
    unitPrice: Money.of(unitPrice, currency),
    givenBy: promotion,
  };
}

/** The same at every reading of the cart (UUID version 8: of one's own making). */
function idOf(cartId: string, promotionId: string): string {
  const hex = createHash('sha256').update(`${cartId}/${promotionId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
