import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { catalogProblems } from '../catalog.errors.js';
import { RESERVED_HANDLES } from './handle.js';
import type { MediaInputDto } from './product-media.dto.js';
import type { VariantRow } from './product.repository.js';
import type { VariantInputDto } from './variant.dto.js';
import { newKind } from './variant-kind.js';
import { NEW_SIZE, sizeBecoming } from './variant-size.js';

/** A handle made of words. */
export const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100)
    .replace(/-$/, '');

/** Where a variant stands in the call that makes its product. */
export const ofVariant = (index: number): string => `/variants/${index}`;
/** Where it stands in a call of its own. */
export const itself = (): string => '';

/** Refuses choices that do not fit the options. */
export function refuseFaults(errors: FieldError[]): void {
  if (errors.length > 0) throw catalogProblems.odd_options(undefined, { errors });
}

/** Refuses a handle that is a path of its own. */
export function refuseReserved(handle: string): void {
  if (!RESERVED_HANDLES.has(handle)) return;
  throw catalogProblems.handle_taken(`The word ${handle} is reserved.`, {
    errors: [{ pointer: '/handle', code: 'reserved', message: 'is reserved' }],
  });
}

/** Refuses a SKU that stands twice in one call. */
export function refuseDoubleSkus(variants: VariantInputDto[]): void {
  const seen = new Set<string>();
  variants.forEach(({ sku }, index) => {
    if (seen.has(sku)) {
      throw catalogProblems.sku_taken(`The SKU ${sku} stands twice in the request.`, {
        errors: [{ pointer: `/variants/${index}/sku`, code: 'duplicate', message: 'stands twice' }],
      });
    }
    seen.add(sku);
  });
}

/** A picture was uploaded or lies elsewhere. */
export function refuseOddMedia(media: MediaInputDto[] = []): void {
  const errors = media.flatMap(({ mediaId, url }, index) =>
    (mediaId === undefined) === (url === undefined)
      ? [{ pointer: `/media/${index}`, code: 'only_one_of', message: 'needs exactly one of mediaId, url' }]
      : [],
  );
  if (errors.length > 0) throw platformProblems.invalid_input('A picture needs mediaId or url.', { errors });
}

/** What is kept of a picture in the row of the product. */
export const asKept = ({ mediaId, url, alt = null }: MediaInputDto): object => ({
  ...(mediaId === undefined ? { url } : { mediaId }),
  alt,
});

/** A price is lower than what it is compared with, and there is one per currency. */
export function refuseOddPrices(variants: VariantInputDto[], pointer: (index: number) => string): void {
  variants.forEach(({ prices = [] }, index) => {
    prices.forEach(({ amount, currency, compareAt = null }, place) => {
      if (compareAt !== null && compareAt <= amount) {
        throw catalogProblems.compare_at_too_low(undefined, {
          errors: [
            {
              pointer: `${pointer(index)}/prices/${place}/compareAt`,
              code: 'too_low',
              message: 'must be higher than the price',
            },
          ],
        });
      }
      const twice = prices.findIndex((other) => other.currency === currency) < place;
      if (!twice) return;
      throw platformProblems.invalid_input('A variant has one price per currency.', {
        errors: [
          {
            pointer: `${pointer(index)}/prices/${place}/currency`,
            code: 'duplicate',
            message: 'stands twice',
          },
        ],
      });
    });
  });
}

/** A variant as it is kept. */
export function rowOf(productId: string, input: VariantInputDto, position: number): VariantRow {
  const {
    sku,
    options = {},
    barcode = null,
    weightGrams = 0,
    mediaId = null,
    metadata = {},
    cost = null,
  } = input;
  const title = input.title ?? (Object.values(options).join(' / ') || sku);
  return {
    id: newId(),
    productId,
    position,
    sku,
    title,
    options,
    barcode,
    weightGrams,
    mediaId,
    metadata,
    retired: false,
    cost,
    ...newKind(input),
    ...sizeBecoming(NEW_SIZE, input),
    version: 1,
  };
}
