import { Shelf } from '../cart/shelf.js';
import type { SavedLinesDto } from './saved-line.dto.js';
import type { SavedLineNow } from './saved-line.service.js';

export function savedLinesView(lines: readonly SavedLineNow[]): SavedLinesDto {
  const shelf = new Shelf();
  return {
    items: lines.map(({ line, variant }) => ({
      id: line.id,
      variantId: line.variantId,
      productId: line.productId,
      title: variant?.title ?? line.title,
      sku: variant?.sku ?? line.sku,
      quantity: line.quantity,
      giftCard: line.giftCard,
      properties: line.properties,
      unitPrice: variant?.unitPrice.toJSON() ?? null,
      ...shelf.look(variant, line.quantity),
      savedAt: line.savedAt.toISOString(),
    })),
    nextCursor: null,
  };
}
