import { Injectable } from '@nestjs/common';
import type { MoneyJson } from '../../platform/money/money.js';
import { ProductPlacesRepository } from '../collection/product-places.repository.js';
import {
  type ListedPromotion,
  type Looking,
  offeredTo,
  type PromotedPrice,
  promotedPrice,
  type Scope,
} from './listed-promotion.js';
import { ListedPromotionRepository } from './listed-promotion.repository.js';
import type { Standing } from './listed-promotion.sql.js';

/** JSON of products without brackets, what holds when it was made, and until when it stays; null: for good. */
export interface PricedPage {
  items: string | null;
  promotions: Standing | null;
  endsAt: Date | null;
}

interface ShownProduct {
  id: string;
  variants: { id: string; kind: string; price: MoneyJson | null; promotion: PromotedPrice | null }[];
}

/** How long a page may stand that looks at collections: products leave them by themselves as they grow old. */
const AGEING_MS = 60_000;

/** Writes on pages of products what promotions make of their prices. */
@Injectable()
export class PromotedPages {
  /** What holds, by id: it is read again when its version is another. */
  private kept = new Map<string, ListedPromotion & { version: number }>();

  constructor(
    private readonly promotions: ListedPromotionRepository,
    private readonly places: ProductPlacesRepository,
  ) {}

  /**
   * The page with `promotion` of its variants. As long as nothing holds it is handed back as it is, and nothing is read;
   * otherwise what is not known yet, and where the products stand when that matters. `productOf`: where an item has it.
   */
  async priced(
    { items, promotions, endsAt }: PricedPage,
    asking: Looking,
    productOf: (item: object) => object = (item) => item,
  ): Promise<Omit<PricedPage, 'promotions'>> {
    if (promotions === null || items === null) return { items, endsAt };
    const offered = offeredTo(await this.standing(promotions), asking);
    if (offered.length === 0) return { items, endsAt };
    const parsed = JSON.parse(`[${items}]`) as object[];
    const products = parsed.map(productOf) as ShownProduct[];
    const { categories, collections } = placesOf(offered);
    const places = await this.placesOf(products, categories, collections);
    for (const { id: productId, variants } of products) {
      const place = places.get(productId) ?? { categories: [], collections: [] };
      for (const variant of variants) {
        const { id: variantId, kind, price } = variant;
        const piece = price && { variantId, productId, kind, price, ...place };
        variant.promotion = piece && promotedPrice(piece, offered, promotions.mode);
      }
    }
    const soon = new Date(asking.now.getTime() + AGEING_MS);
    const moves = collections.length > 0 && (endsAt === null || soon < endsAt);
    return { items: JSON.stringify(parsed).slice(1, -1), endsAt: moves ? soon : endsAt };
  }

  /** What those that hold say. One that was changed or put away since the page was read is as it is now, or not at all. */
  private async standing({ live }: Standing): Promise<ListedPromotion[]> {
    const known = live.map(([id, version]) => {
      const one = this.kept.get(id);
      return one?.version === version ? one : null;
    });
    if (!known.includes(null)) return known.filter((one) => one !== null);
    const found = await this.promotions.find(live.map(([id]) => id));
    this.kept = new Map(found.map((one) => [one.id, one]));
    return found;
  }

  private async placesOf(
    products: readonly ShownProduct[],
    categories: readonly string[],
    collections: readonly string[],
  ) {
    const asks = categories.length + collections.length > 0;
    const ids = products.map(({ id }) => id);
    const found = asks ? await this.places.find(ids, categories, collections) : [];
    return new Map(found.map(({ productId, ...place }) => [productId, place]));
  }
}

/** The categories and collections that promotions name, each once. */
function placesOf(promotions: readonly ListedPromotion[]) {
  const scopes: Scope[] = promotions.flatMap(({ scopes: own }) =>
    own.flatMap((scope) => [scope, scope.except ?? {}]),
  );
  return {
    categories: [...new Set(scopes.flatMap(({ categories = [] }) => categories))],
    collections: [...new Set(scopes.flatMap(({ collections = [] }) => collections))],
  };
}
