import type { MoneyJson } from '../../platform/money/money.js';
import type { CreateProductDto } from '../product/admin-product.dto.js';
import type { VariantInputDto } from '../product/variant.dto.js';
import { type DemoProduct, demoProducts } from './demo.products.js';

/** Where the pictures of the demo shop are drawn. A path: it holds whatever the shop's address is. */
export const demoPicture = (handle: string): string => `/v1/media/demo/${handle}.svg`;

const byHandle = new Map(demoProducts.map((product) => [product.handle, product]));

export const demoProduct = (handle: string): DemoProduct | undefined => byHandle.get(handle);

/** The same number for the same text, at every start and on every machine. */
export function numberOf(text: string): number {
  let hash = 2_166_136_261;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return hash;
}

/**
 * A price list in euros and dollars as prices. A store in another currency has the numbers of the euro in it too: they
 * are made up, and no rate of exchange would make them truer.
 */
export function inCurrencies({ eur, usd }: { eur: number; usd: number }, storeCurrency: string): MoneyJson[] {
  const prices = [
    { amount: eur, currency: 'EUR' },
    { amount: usd, currency: 'USD' },
  ];
  const known = prices.some(({ currency }) => currency === storeCurrency);
  return known ? prices : [...prices, { amount: eur, currency: storeCurrency }];
}

/** A demo product as the call that makes it: SKUs are the handle and the option values, stock follows from the SKU. */
export function asInput(product: DemoProduct, storeCurrency: string): CreateProductDto {
  const { handle, title, brand, category, description, attributes, options = {}, taxClass } = product;
  const [colour] = options.Colour ?? [];
  return {
    handle,
    externalId: `demo-${handle}`,
    title,
    brand,
    description,
    status: 'published',
    categories: [category],
    options: Object.entries(options).map(([name, values]) => ({ name, values })),
    attributes: { ...attributes, ...(colour !== undefined && { colour: colour.toLowerCase() }) },
    media: [{ url: demoPicture(handle), alt: title }],
    ...(taxClass && { taxClass }),
    variants: combinations(options).map((chosen) => variantOf(product, chosen, storeCurrency)),
  };
}

function variantOf(
  product: DemoProduct,
  options: Record<string, string>,
  storeCurrency: string,
): VariantInputDto {
  const sku = [product.handle, ...Object.values(options)].map(code).join('-');
  const pieces = numberOf(sku);
  const stock = [
    { location: 'main', onHand: product.soldOut ? 0 : 12 + (pieces % 60) },
    { location: 'harbour', onHand: product.soldOut ? 0 : (pieces >>> 8) % 25 },
  ];
  return {
    sku,
    options,
    weightGrams: product.grams,
    ...(product.backorder !== undefined && { backorderLimit: product.backorder }),
    prices: inCurrencies(product, storeCurrency),
    stock,
  };
}

/** Every combination of option values, the last option changing fastest. */
function combinations(options: Record<string, string[]>): Record<string, string>[] {
  return Object.entries(options).reduce<Record<string, string>[]>(
    (made, [name, values]) => made.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

const code = (text: string): string =>
  text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
