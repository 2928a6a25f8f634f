import { priceText } from '../import/price-text.js';
import type { ProductDto } from '../product/product.dto.js';
import type { VariantDto } from '../product/variant.dto.js';
import { absolute } from './shopify-csv.writer.js';
import type { ExportPlan, Writer } from './writers.js';

/** A product as the shop shows it, and what of its variants only staff know. */
export interface FeedProduct extends ProductDto {
  barcodes: Record<string, string | null>;
}

/** What options and attributes mean in the feed, by the names that they usually have. */
const DETAILS: [tag: string, names: RegExp][] = [
  ['color', /^(colou?r|farbe|couleur)$/i],
  ['size', /^(size|größe|groesse|taille)$/i],
  ['material', /^material$/i],
  ['pattern', /^(pattern|muster)$/i],
  ['gender', /^(gender|geschlecht)$/i],
  ['age_group', /^age[ _]group$/i],
];

/** Google Merchant's product data: RSS 2.0 with an item for each variant that has a price in the currency. */
export const merchantFeed: Writer<FeedProduct> = {
  contentType: 'application/xml; charset=utf-8',
  extension: 'xml',
  head: ({ shopName, base }) =>
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n' +
    `<title>${escaped(shopName)}</title>\n<link>${escaped(base)}</link>\n<description>${escaped(shopName)}</description>\n`,
  write: (product, plan) => {
    const items = product.variants
      .filter(({ price }) => price !== null)
      .map((variant) => item(product, variant, plan));
    return { text: items.join(''), rows: items.length };
  },
  tail: '</channel>\n</rss>\n',
};

function item(product: FeedProduct, variant: VariantDto, { base, linkTemplate }: ExportPlan): string {
  const [first, ...others] = pictures(product, variant).map((url) => absolute(url, base));
  const gtin = gtinOf(product.barcodes[variant.id] ?? null);
  const money = ({ amount, currency }: { amount: number; currency: string }) =>
    `${priceText(amount, currency)} ${currency}`;
  const { price, compareAtPrice } = variant;
  const title = [product.title, ...Object.values(variant.options)].join(' - ');
  const tags: [string, string | null | undefined][] = [
    ['id', variant.sku],
    ['item_group_id', product.variants.length > 1 ? product.id : null],
    ['title', cutAt(title, 150)],
    ['description', cutAt(plain(product.description) || title, 5_000)],
    ['link', linkOf(linkTemplate, product, variant)],
    ['image_link', first],
    ...others.slice(0, 10).map((url): [string, string] => ['additional_image_link', url]),
    ['availability', availability(variant)],
    ['availability_date', availability(variant) === 'preorder' ? variant.preorder?.availableFrom : null],
    // The higher one is the price, and what it is sold for now the sale price.
    ['price', price && money(compareAtPrice ?? price)],
    ['sale_price', compareAtPrice && price && money(price)],
    ['brand', cutAt(product.brand ?? '', 70)],
    ['gtin', gtin],
    ['mpn', gtin === null && product.brand !== null ? cutAt(variant.sku, 70) : null],
    ['identifier_exists', gtin === null && product.brand === null ? 'no' : null],
    ['condition', 'new'],
    ['product_type', cutAt(product.breadcrumbs.map((one) => one.title).join(' > '), 750)],
    ...DETAILS.map(([tag, names]): [string, string | null] => [tag, detail(product, variant, names)]),
  ];
  const lines = tags.flatMap(([tag, text]) => (text ? [`<g:${tag}>${escaped(text)}</g:${tag}>\n`] : []));
  return `<item>\n${lines.join('')}</item>\n`;
}

/** What lies there goes first; what is sold ahead has a day. */
function availability({ available, backorder, preorder }: VariantDto): string {
  if (available > 0) return 'in_stock';
  if (preorder !== null) return 'preorder';
  return backorder ? 'backorder' : 'out_of_stock';
}

/** The picture of the variant first. */
function pictures({ media }: FeedProduct, { mediaId }: VariantDto): string[] {
  const own = media.filter((one) => one.mediaId !== null && one.mediaId === mediaId);
  return [...new Set([...own, ...media].map(({ url }) => url))];
}

function detail({ attributes }: FeedProduct, { options }: VariantDto, names: RegExp): string | null {
  for (const [name, value] of [...Object.entries(options), ...Object.entries(attributes)])
    if (names.test(name) && typeof value === 'string') return cutAt(value, 100);
  return null;
}

function linkOf(template: string, product: FeedProduct, variant: VariantDto): string {
  const values: Record<string, string> = { id: product.id, handle: product.handle, sku: variant.sku };
  return template.replace(/\{(id|handle|sku)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
}

/** A GTIN-8, -12, -13 or -14 whose check digit is right (GS1 General Specifications 7.9); null for anything else. */
export function gtinOf(barcode: string | null): string | null {
  const digits = (barcode ?? '').replace(/[\s-]/g, '');
  if (!/^(\d{8}|\d{12,14})$/.test(digits)) return null;
  const sum = [...digits]
    .reverse()
    .reduce((total, digit, at) => total + Number(digit) * (at % 2 === 1 ? 3 : 1), 0);
  // Numbers that begin like this are for use inside a shop, or coupons: they name nothing outside.
  const isInternal =
    digits.length === 8 ? /^[02]/.test(digits) : RESTRICTED.test(digits.padStart(14, '0').slice(1));
  return sum % 10 === 0 && !isInternal ? digits : null;
}

/** Prefixes of 13 digits. */
const RESTRICTED = /^(02|04|2|98[0-4]|99)/;

const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&nbsp;/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();

/** At most so many characters, none of them halved. */
const cutAt = (text: string, max: number): string => [...text].slice(0, max).join('');

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** XML 1.0 has no control characters, not even as references. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
