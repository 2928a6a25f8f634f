import type { SellableVariant } from '../../catalog/catalog.api.js';

/** How many of the pieces that are wanted could be had. */
export const AVAILABILITIES = ['available', 'fewer', 'sold_out', 'not_for_sale'] as const;

/** What is left of variants for the lines of one cart, which may want the same one twice: by itself and in a bundle. */
export class Shelf {
  private readonly left = new Map<string, number>();

  /** Pieces that could still be taken, up to so many; it takes none. */
  most(variant: SellableVariant, upTo: number): number {
    const aside = new Shelf();
    for (const [variantId, left] of this.left) aside.left.set(variantId, left);
    const { enough, most } = aside.take(variant, upTo);
    return enough ? upTo : most;
  }

  /** Takes so many pieces, when there are enough; answers how many there would be. */
  take(variant: SellableVariant, quantity: number): { enough: boolean; most: number } {
    const parts = variant.components ?? [{ ...variant, quantity: 1 }];
    // What nobody counts is no obstacle, unless there is none: it is no longer sold.
    const counted = parts.filter((part) => part.stockTracked || part.most === 0);
    const leftOf = ({ variantId, most }: (typeof counted)[number]) => this.left.get(variantId) ?? most;
    const most = Math.min(
      ...counted.map((part) => Math.max(0, Math.floor(leftOf(part) / part.quantity))),
      quantity,
    );
    const enough = most >= quantity;
    if (enough)
      for (const part of counted) this.left.set(part.variantId, leftOf(part) - part.quantity * quantity);
    return { enough, most };
  }

  /** What could be had of them now, and takes that; `variant` is null when it is not sold. */
  look(
    variant: SellableVariant | null,
    quantity: number,
  ): { availability: (typeof AVAILABILITIES)[number]; obtainable: number } {
    if (variant === null) return { availability: 'not_for_sale', obtainable: 0 };
    const { enough, most } = this.take(variant, quantity);
    if (enough) return { availability: 'available', obtainable: quantity };
    if (most > 0) this.take(variant, most);
    return { availability: most > 0 ? 'fewer' : 'sold_out', obtainable: most };
  }
}
