/**
 * The columns of Shopify's product CSV, each with the names that it has had: the first is what is written. Names are
 * compared without regard to case.
 */
export const SHOPIFY_COLUMNS = {
  handle: ['Handle', 'URL handle'],
  title: ['Title'],
  body: ['Body (HTML)', 'Description'],
  vendor: ['Vendor'],
  type: ['Type', 'Custom Product Type', 'Product type'],
  tags: ['Tags'],
  published: ['Published', 'Published on online store'],
  option1Name: ['Option1 Name'],
  option1Value: ['Option1 Value'],
  option2Name: ['Option2 Name'],
  option2Value: ['Option2 Value'],
  option3Name: ['Option3 Name'],
  option3Value: ['Option3 Value'],
  sku: ['Variant SKU', 'SKU'],
  grams: ['Variant Grams', 'Weight value (grams)'],
  quantity: ['Variant Inventory Qty', 'Inventory quantity'],
  policy: ['Variant Inventory Policy', 'Continue selling when out of stock'],
  price: ['Variant Price', 'Price'],
  compareAt: ['Variant Compare At Price', 'Compare-at price'],
  barcode: ['Variant Barcode', 'Barcode'],
  image: ['Image Src', 'Product image URL'],
  imagePosition: ['Image Position'],
  imageAlt: ['Image Alt Text'],
  variantImage: ['Variant Image', 'Variant image URL'],
  seoTitle: ['SEO Title'],
  seoDescription: ['SEO Description'],
  status: ['Status'],
} as const satisfies Record<string, readonly string[]>;

export type ShopifyColumn = keyof typeof SHOPIFY_COLUMNS;

/** What this shop has no field for stays with the product, in its metadata, and is written again. Of variants: */
export const KEPT_OF_VARIANTS: readonly (readonly string[])[] = [
  ['Variant Inventory Tracker', 'Inventory tracker'],
  ['Variant Fulfillment Service', 'Fulfillment service'],
  ['Variant Requires Shipping', 'Requires shipping'],
  ['Variant Taxable', 'Charge tax'],
  ['Variant Weight Unit', 'Weight unit for display'],
  ['Variant Tax Code', 'Tax code'],
  ['Cost per item'],
];
/** Of products, beside `Google Shopping / …` and whatever names a metafield: */
const KEPT_OF_PRODUCTS: readonly (readonly string[])[] = [
  ['Product Category', 'Standard Product Type'],
  ['Gift Card'],
  ['Template Suffix'],
  ['Collection'],
];
const KEPT_BY_PATTERN = [/^google shopping \//, /product\.metafields\./, /^metafield: /];

export interface ShopifyHeader {
  /** Where each column stands. */
  at: Map<ShopifyColumn, number>;
  keptOfProducts: { name: string; at: number }[];
  keptOfVariants: { name: string; at: number }[];
  ignored: string[];
}

/** Reads the names of a header of any generation. */
export function readShopifyHeader(names: string[]): ShopifyHeader {
  const header: ShopifyHeader = { at: new Map(), keptOfProducts: [], keptOfVariants: [], ignored: [] };
  names.forEach((given, at) => {
    const name = given.trim();
    const column = COLUMN_BY_NAME.get(name.toLowerCase());
    const ofProduct = nameOf(KEPT_OF_PRODUCTS, name);
    const ofVariant = nameOf(KEPT_OF_VARIANTS, name);
    if (column && !header.at.has(column)) header.at.set(column, at);
    else if (ofProduct) header.keptOfProducts.push({ name: ofProduct, at });
    else if (ofVariant) header.keptOfVariants.push({ name: ofVariant, at });
    else if (KEPT_BY_PATTERN.some((pattern) => pattern.test(name.toLowerCase())))
      header.keptOfProducts.push({ name, at });
    else if (name !== '') header.ignored.push(name);
  });
  return header;
}

const COLUMN_BY_NAME = new Map(
  Object.entries<readonly string[]>(SHOPIFY_COLUMNS).flatMap(([column, names]) =>
    names.map((name) => [name.toLowerCase(), column as ShopifyColumn] as const),
  ),
);

const nameOf = (kept: readonly (readonly string[])[], name: string): string | undefined =>
  kept.find((names) => names.some((one) => one.toLowerCase() === name.toLowerCase()))?.[0];

/** What of a file of Shopify's stays in `metadata.shopify`. */
export interface ShopifyKept {
  columns?: Record<string, string>;
  /** By SKU. */
  variants?: Record<string, Record<string, string>>;
}
