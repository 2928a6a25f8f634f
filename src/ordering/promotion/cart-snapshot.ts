import type { SellableVariant } from '../../catalog/catalog.api.js';
import type { Cart } from '../cart/cart.js';
import type { AssessedLine } from '../cart/assessment.js';
import { MAX_QUANTITY } from '../cart/cart.js';
import { Shelf } from '../cart/shelf.js';
import type { CartFacts } from './cart-facts.service.js';
import { needsOf } from './needs.js';
import type { GiftOffer, Snapshot } from './snapshot.js';

const STANDARD_CLASS = 'standard';

/** A cart as its price is calculated from: everything that promotions look at, and nothing else. */
export function snapshotOf(
  cart: Pick<Cart, 'currency'>,
  lines: readonly AssessedLine[],
  variants: ReadonlyMap<string, SellableVariant>,
  country: string | null,
  { promotions, places, customerGroups, isFirstOrder }: CartFacts,
): Snapshot {
  const placeOf = new Map(places.map((place) => [place.productId, place]));
  return {
    currency: cart.currency,
    country,
    customerGroups,
    isFirstOrder,
    lines: lines.map(({ line, variant, unitPrice }) => ({
      id: line.id,
      variantId: line.variantId,
      productId: line.productId,
      quantity: line.quantity,
      unitPrice: unitPrice.amount,
      taxClass: variant?.taxClass ?? STANDARD_CLASS,
      isVoucher: variant?.kind === 'gift_card',
      categories: placeOf.get(line.productId)?.categories ?? [],
      collections: placeOf.get(line.productId)?.collections ?? [],
    })),
    gifts: giftsOf(needsOf(promotions.candidates).gifts, lines, variants),
  };
}

/** What may be given away: of what the lines leave on the shelf. A gift card is money and no gift. */
function giftsOf(
  ids: readonly string[],
  lines: readonly AssessedLine[],
  variants: ReadonlyMap<string, SellableVariant>,
): GiftOffer[] {
  if (ids.length === 0) return [];
  const shelf = new Shelf();
  for (const { line, variant } of lines) if (variant) shelf.take(variant, line.quantity);
  return ids.flatMap((variantId): GiftOffer[] => {
    const variant = variants.get(variantId);
    if (!variant || variant.kind === 'gift_card') return [];
    const { unitPrice, taxClass } = variant;
    return [{ variantId, unitPrice: unitPrice.amount, taxClass, most: shelf.most(variant, MAX_QUANTITY) }];
  });
}
