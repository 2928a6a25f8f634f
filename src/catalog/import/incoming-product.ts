import type { Cost } from '../product/variant-cost.js';
import type { VariantKind } from '../product/variant-kind.js';

/** A product as a file brings it, whatever the format: checked in shape, not yet compared with what is there. */
export interface IncomingProduct {
  /** Of this shop, from a file that it wrote: finds the product whatever else has changed. Another shop's says nothing. */
  id?: string;
  /**
   * What upserts go by; the handle when the file has no ids: then only what an import made is found again. Null beside an
   * `id`: the product keeps its own.
   */
  externalId: string | null;
  handle: string;
  title: string;
  description: string | null;
  brand: string | null;
  status: 'draft' | 'published';
  /** Created when no category has that handle; an existing one keeps its title. */
  categories: { handle: string; title: string }[];
  attributes: Record<string, unknown>;
  options: { name: string; values: string[] }[];
  media: IncomingMedia[];
  /** Left out when the file does not say: the product keeps its own, a new one is `standard`. */
  taxClass?: string;
  /** Left out when the file does not say: the product keeps its own. Its attributes fit the type. */
  productType?: string;
  /** Of search engines; left out when the file does not say. */
  seo?: { title: string | null; description: string | null };
  /** Left out when the file does not say: the product keeps its own. */
  metadata?: Record<string, unknown>;
  /** Handles of products that go with it; left out when the file does not say. Those that lead nowhere are passed over. */
  related?: string[];
  variants: IncomingVariant[];
  /** What a format cannot say: the product keeps it. */
  keeps?: Keeps;
}

/** Fields that a file has no column for, so that nobody loses what is not mentioned. */
export interface Keeps {
  product: (keyof IncomingProduct)[];
  variant: (keyof IncomingVariant)[];
  /** Attributes that the file does not name stay, and so do further categories behind the first. */
  more?: boolean;
}

/** An upload of this shop, a picture that lies elsewhere, or an upload and where else it can be found. */
export interface IncomingMedia {
  mediaId?: string;
  url?: string;
  alt: string | null;
}

export interface IncomingVariant {
  sku: string;
  title: string | null;
  options: Record<string, string>;
  barcode: string | null;
  weightGrams: number;
  /** How large it is; each left out when the file does not say, and then as the variant has it. */
  lengthMm?: number;
  widthMm?: number;
  heightMm?: number;
  shippingClass?: string | null;
  /** What a piece was bought for; left out when the file does not say. */
  cost?: Cost['cost'];
  /** Pieces that may be sold beyond what is there. */
  backorderLimit: number;
  /** Left out when the file does not say. */
  retired?: boolean;
  /** Which of the uploads in `media` shows it; left out when the file does not say. */
  mediaId?: string | null;
  /** Left out when the file does not say. */
  metadata?: Record<string, unknown>;
  /** How it is handed over; each left out when the file does not say, and then as the variant has it. */
  kind?: VariantKind;
  stockTracked?: boolean | null;
  downloadLimit?: number | null;
  downloadDays?: number | null;
  prices: IncomingPrice[];
  stock: { location: string; onHand: number }[];
}

export interface IncomingPrice {
  amount: number;
  currency: string;
  compareAt: number | null;
}

/** What is wrong with one row of the file; `pointer` names the field or column. */
export interface RowFault {
  line: number;
  code: string;
  pointer: string;
  message: string;
}

/** One product of the file, good or bad. `ordinal` counts them from 1: the checkpoint of a resumed import. */
export interface IncomingRow {
  ordinal: number;
  line: number;
  externalId: string | null;
  product: IncomingProduct | null;
  faults: RowFault[];
}

/** As wide as the products that staff make by hand. */
export const LIMITS = {
  title: 300,
  text: 100_000,
  handle: 120,
  brand: 120,
  name: 60,
  choice: 120,
  sku: 100,
  variants: 2048,
  media: 50,
  related: 20,
  seoTitle: 200,
  seoDescription: 500,
} as const;

/** Handles are lower-case words joined by hyphens; whatever else a name holds is dropped. */
export function toHandle(words: string): string {
  return words
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LIMITS.handle)
    .replace(/-+$/, '');
}
