import { createHash } from 'node:crypto';
import { cleanText } from './field-reader.js';
import type { IncomingProduct, IncomingRow } from './incoming-product.js';
import type { Attribute } from '../product-type/attribute.js';
import { fitAttributes, type ProductIds } from '../product-type/attribute-values.js';
import { RESERVED_HANDLES } from '../product/handle.js';
import type { RowError } from './import.repository.js';
import type { KnownProduct, KnownVariant, ProductWrite } from './product-upsert.repository.js';

export interface Known {
  products: KnownProduct[];
  variants: KnownVariant[];
  locations: Map<string, string>;
  taxClasses: Set<string>;
  /** By code: those that the chunk names and those that its products have. */
  types: ReadonlyMap<string, { attributes: Attribute[] }>;
  /** Ids of products by what attributes call them. */
  references: ProductIds;
}

/** What a chunk means for the catalog: decided before anything is written, so that a dry run decides the same. */
export interface ChunkPlan {
  created: ProductWrite[];
  updated: ProductWrite[];
  /** Texts as they are; only prices or stock may differ. */
  same: ProductWrite[];
  /** Of `same`, those with another price or stock. */
  moved: ProductWrite[];
  rejected: IncomingRow[];
  errors: RowError[];
}

/** Identities that the file has used so far: each may stand in it once. */
export class FileIdentities {
  private readonly seen = new Set<string>();

  /** What is used twice, as `[pointer, value]`; otherwise remembers all of them. */
  claim(product: IncomingProduct): [pointer: string, value: string] | null {
    const names: [string, string, string][] = [
      ['/externalId', `e${product.externalId}`, product.externalId],
      ['/handle', `h${product.handle}`, product.handle],
      ...product.variants.map(
        ({ sku }, index) => [`/variants/${index}/sku`, `s${sku}`, sku] satisfies [string, string, string],
      ),
    ];
    const repeated = names.find(([, key]) => this.seen.has(key));
    if (repeated) return [repeated[0], repeated[2]];
    for (const [, key] of names) this.seen.add(key);
    return null;
  }
}

export function planChunk(rows: IncomingRow[], known: Known, idOf: (row: IncomingRow) => string): ChunkPlan {
  const plan: ChunkPlan = { created: [], updated: [], same: [], moved: [], rejected: [], errors: [] };
  const byExternalId = new Map(known.products.map((product) => [product.externalId, product]));
  const byHandle = new Map(known.products.map((product) => [product.handle, product]));
  const bySku = new Map(known.variants.map((variant) => [variant.sku, variant]));
  for (const row of rows) {
    const { product } = row;
    if (product === null) {
      reject(plan, row);
      continue;
    }
    const holder = byHandle.get(product.handle);
    // Never by the handle alone: two things may share a name, and the one made by hand would be lost without a trace.
    const present = byExternalId.get(product.externalId);
    const fitted = fittedTo(product, present, known);
    const faults = [
      ...conflicts(row, product, present, holder, bySku, known),
      ...fitted.faults.map((fault) => ({ ...fault, line: row.line })),
    ];
    if (faults.length > 0) {
      reject(plan, { ...row, faults });
      continue;
    }
    const digest = digestOf(product);
    // A variant that was given another SKU since then is as good as gone from the product.
    const complete = product.variants.every(({ sku }) => bySku.has(sku));
    const write = {
      id: present?.id ?? idOf(row),
      digest,
      product: { ...product, attributes: fitted.values },
    };
    if (!present) plan.created.push(write);
    else if (!complete || present.digest !== digest || present.digestVersion !== present.version)
      plan.updated.push(write);
    else {
      plan.same.push(write);
      if (differs(product, bySku)) plan.moved.push(write);
    }
  }
  return plan;
}

function reject(plan: ChunkPlan, row: IncomingRow): void {
  plan.rejected.push(row);
  const { ordinal, externalId } = row;
  // They quote the file, names and all: nothing in it may be what the database cannot keep.
  plan.errors.push(
    ...row.faults.slice(0, 50).map(({ pointer, message, ...fault }) => ({
      ...fault,
      pointer: cleanText(pointer),
      message: cleanText(message),
      ordinal,
      externalId,
    })),
  );
}

function conflicts(
  { line }: IncomingRow,
  product: IncomingProduct,
  present: KnownProduct | undefined,
  holder: KnownProduct | undefined,
  bySku: Map<string, KnownVariant>,
  { locations, taxClasses }: Known,
): IncomingRow['faults'] {
  const faults: IncomingRow['faults'] = [];
  if (present?.status === 'archived')
    faults.push({
      line,
      code: 'archived',
      pointer: '/externalId',
      message: 'the product was archived for good',
    });
  if (RESERVED_HANDLES.has(product.handle))
    faults.push({ line, code: 'handle_taken', pointer: '/handle', message: `${product.handle} is reserved` });
  if (holder && holder.id !== present?.id)
    faults.push({
      line,
      code: 'handle_taken',
      pointer: '/handle',
      message: `${product.handle} belongs to another product, and that one has not the external id ${product.externalId}`,
    });
  if (product.taxClass !== undefined && !taxClasses.has(product.taxClass))
    faults.push({
      line,
      code: 'unknown_tax_class',
      pointer: '/taxClass',
      message: `there is no tax class ${product.taxClass}`,
    });
  product.variants.forEach(({ sku, stock }, index) => {
    const owner = bySku.get(sku);
    const pointer = `/variants/${index}/sku`;
    if (owner && owner.productId !== present?.id)
      faults.push({ line, code: 'sku_taken', pointer, message: `${sku} belongs to another product` });
    for (const { location } of stock) {
      if (!locations.has(location))
        faults.push({
          line,
          code: 'unknown_location',
          pointer: `/variants/${index}/stock`,
          message: `there is no location ${location}`,
        });
    }
  });
  return faults;
}

/** The attributes as they are kept, and what of them does not fit the type that the product will have. */
function fittedTo(
  { productType, attributes }: IncomingProduct,
  present: KnownProduct | undefined,
  { types, references }: Known,
): ReturnType<typeof fitAttributes> {
  const code = productType ?? present?.productType ?? null;
  if (code === null) return { values: attributes, faults: [] };
  const type = types.get(code);
  if (type) return fitAttributes(code, type.attributes, attributes, references);
  const message = `there is no product type ${code}`;
  return { values: {}, faults: [{ pointer: '/productType', code: 'unknown_product_type', message }] };
}

/** Of the texts and variants; prices and stock are compared with what is there, because they live on. */
function digestOf(product: IncomingProduct): string {
  const variants = product.variants.map(({ prices: _prices, stock: _stock, ...rest }) => rest);
  return createHash('sha256')
    .update(JSON.stringify({ ...product, variants }))
    .digest('hex');
}

function differs(product: IncomingProduct, bySku: Map<string, KnownVariant>): boolean {
  return product.variants.some(({ sku, prices, stock }) => {
    const present = bySku.get(sku);
    return (
      prices.some(({ currency, amount, compareAt }) => {
        const price = present?.prices[currency];
        return price?.amount !== amount || (price.compareAt ?? null) !== compareAt;
      }) || stock.some(({ location, onHand }) => (present?.stock[location] ?? 0) !== onHand)
    );
  });
}
