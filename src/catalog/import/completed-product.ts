import { createHash } from 'node:crypto';
import { FieldReader } from './field-reader.js';
import type { IncomingMedia, IncomingProduct, IncomingVariant } from './incoming-product.js';
import type { Cost } from '../product/variant-cost.js';
import { type Kind, kindBecoming, NEW_KIND } from '../product/variant-kind.js';
import { NEW_SIZE, type Size, sizeBecoming } from '../product/variant-size.js';
import { readProduct } from './product-record.js';

/** A product with all that it will be: what its file says, and what is there of what the file does not say. */
export interface WholeProduct extends Omit<IncomingProduct, 'keeps' | 'id' | 'productType'> {
  description: string;
  taxClass: string;
  productType: string | null;
  seo: { title: string | null; description: string | null };
  metadata: Record<string, unknown>;
  related: string[];
  variants: WholeVariant[];
}

/** `stockTracked` is null of a bundle. */
export interface WholeVariant
  extends Omit<IncomingVariant, keyof Kind | keyof Size | 'cost'>, Kind, Size, Cost {
  title: string;
  retired: boolean;
  mediaId: string | null;
  metadata: Record<string, unknown>;
}

/** What stands in the shop, as a file would bring it; without those that no file could, so that whatever comes is a change. */
export function presentProducts(records: Map<string, unknown>): Map<string, IncomingProduct> {
  const products = new Map<string, IncomingProduct>();
  for (const [id, record] of records) {
    const reader = new FieldReader(0);
    const product = readProduct(reader, record);
    if (reader.faults.length === 0) products.set(id, product);
  }
  return products;
}

/** Fills in what the file leaves out: from what is there, or as new products have it. */
export function complete(given: IncomingProduct, present: IncomingProduct | null): WholeProduct {
  const { id: _id, keeps, ...rest } = given;
  const product = { ...rest };
  if (keeps && present) Object.assign(product, pick(present, keeps.product));
  if (keeps?.more && present) {
    product.attributes = { ...present.attributes, ...product.attributes };
    if (present.categories[0]?.title === product.categories[0]?.title)
      product.categories = present.categories;
    if (covers(present.options, product.options)) product.options = present.options;
  }
  const media = mediaOf(product.media, present?.media ?? []);
  const shown = new Set(media.flatMap(({ mediaId }) => mediaId ?? []));
  const before = new Map(present?.variants.map((variant) => [variant.sku, variant]));
  return {
    ...product,
    externalId: given.externalId ?? (present ? present.externalId : given.handle),
    description: product.description ?? '',
    productType: product.productType ?? present?.productType ?? null,
    seo: product.seo ?? present?.seo ?? { title: null, description: null },
    taxClass: product.taxClass ?? present?.taxClass ?? 'standard',
    metadata: merged(present?.metadata ?? {}, product.metadata, keeps?.more === true),
    related: product.related ?? present?.related ?? [],
    media,
    variants: product.variants.map((variant) => {
      const old = before.get(variant.sku);
      const whole = { ...variant, ...(keeps && old && pick(old, keeps.variant)) };
      const mediaId = whole.mediaId === undefined ? (old?.mediaId ?? null) : whole.mediaId;
      return {
        ...whole,
        title:
          whole.title ?? (keeps?.more && old && isAlike(old, whole) ? old.title : null) ?? titleOf(whole),
        retired: whole.retired ?? old?.retired ?? false,
        ...kindBecoming(old ? kindOf(old) : NEW_KIND, {
          ...whole,
          stockTracked: whole.stockTracked ?? undefined,
        }),
        ...sizeBecoming({ ...NEW_SIZE, ...old }, whole),
        cost: whole.cost === undefined ? (old?.cost ?? null) : whole.cost,
        metadata: whole.metadata ?? old?.metadata ?? {},
        mediaId: mediaId !== null && shown.has(mediaId) ? mediaId : null,
      };
    }),
  };
}

/** How a variant of a record is handed over; one of which is not told whether it is counted is a bundle. */
function kindOf({
  kind = 'physical',
  stockTracked = null,
  downloadLimit = null,
  downloadDays = null,
}: IncomingVariant): Kind {
  return { kind, stockTracked, downloadLimit, downloadDays };
}

/** True when writing it would change nothing but prices and stock, which are compared by themselves. */
export function isSame(whole: WholeProduct, present: IncomingProduct): boolean {
  const wanted = new Set(whole.variants.map(({ sku }) => sku));
  const variants = present.variants.filter(({ sku }) => wanted.has(sku));
  return digestOf(whole).equals(digestOf(complete({ ...present, variants }, present)));
}

/** Of texts and variants; prices and stock live on and are compared with what is there. The order of names is no matter. */
export function digestOf(product: IncomingProduct | WholeProduct): Buffer {
  const variants = product.variants.map(({ prices: _prices, stock: _stock, ...variant }) => variant);
  const categories = [...new Set(product.categories.map(({ handle }) => handle))];
  return createHash('sha256')
    .update(JSON.stringify(sorted({ ...product, variants, categories })))
    .digest();
}

/** The same options, with at least these values: a file that tells only what variants have leaves their order. */
function covers(present: IncomingProduct['options'], given: IncomingProduct['options']): boolean {
  return (
    present.length === given.length &&
    given.every(({ name, values }, at) => {
      const there = present[at];
      return there?.name === name && values.every((value) => there.values.includes(value));
    })
  );
}

const isAlike = (a: IncomingVariant, b: IncomingVariant): boolean =>
  JSON.stringify(sorted(a.options)) === JSON.stringify(sorted(b.options));

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}

export const titleOf = ({ options, sku }: Pick<IncomingVariant, 'options' | 'sku'>): string =>
  Object.values(options).join(' / ') || sku;

function pick<T extends object>(from: T, keys: (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Partial<T>;
}

/** A file without pictures leaves uploads to the product; the address of an upload means the upload. */
function mediaOf(given: IncomingMedia[], present: IncomingMedia[]): IncomingMedia[] {
  const uploads = present.filter(({ mediaId }) => mediaId !== undefined);
  const media = given.length === 0 ? uploads : given;
  return media.map(({ mediaId, url, alt }) => {
    const upload = mediaId ?? uploads.find((one) => one.url !== undefined && one.url === url)?.mediaId;
    return upload === undefined ? { url: url ?? '', alt } : { mediaId: upload, alt };
  });
}

/** What comes replaces what is there; of a foreign format, only what it knows. */
function merged(
  present: Record<string, unknown>,
  given: Record<string, unknown> | undefined,
  more: boolean,
): Record<string, unknown> {
  if (given === undefined) return present;
  return more ? { ...present, ...given } : given;
}
