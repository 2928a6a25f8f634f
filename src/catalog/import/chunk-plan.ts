import { createHash } from 'node:crypto';
import type { FieldError } from '../../platform/http/problem.js';
import type { Attribute } from '../product-type/attribute.js';
import { fitAttributes, type ProductIds } from '../product-type/attribute-values.js';
import { complete, digestOf, isSame, type WholeProduct } from './completed-product.js';
import { cleanText } from './field-reader.js';
import type { IncomingProduct, IncomingRow, IncomingVariant } from './incoming-product.js';
import { RESERVED_HANDLES } from '../product/handle.js';
import type { Outcome, RowError, RowOutcome } from './import.repository.js';
import type { KnownProduct, KnownVariant, ProductWrite } from './product-upsert.repository.js';

export interface Known {
  products: KnownProducts;
  /** What stands in the shop, of those that were not imported last as they are in the file. */
  records: Map<string, IncomingProduct>;
  variants: KnownVariant[];
  /** Uploads of this shop. */
  media: Set<string>;
  locations: Map<string, string>;
  taxClasses: Set<string>;
  /** By code: those that the chunk names and those that its products have. */
  types: ReadonlyMap<string, { attributes: Attribute[] }>;
  /** Ids of products by what attributes call them. */
  references: ProductIds;
}

/** What a chunk means for the catalog: decided before anything is written, so that a dry run decides the same. */
export interface ChunkPlan {
  /** What becomes of each row, in their order. */
  outcomes: RowOutcome[];
  created: ProductWrite[];
  updated: ProductWrite[];
  /** Texts as they are; only prices or stock may differ. */
  same: ProductWrite[];
  /** Of `same`, those with another price or stock. */
  moved: ProductWrite[];
  rejected: IncomingRow[];
  errors: RowError[];
}

/** Products that a chunk may mean, by all that they are found by. */
export class KnownProducts {
  private readonly byId: Map<string, KnownProduct>;
  private readonly byExternalId: Map<string | null, KnownProduct>;
  private readonly byHandle: Map<string, KnownProduct>;

  constructor(products: KnownProduct[]) {
    this.byId = new Map(products.map((product) => [product.id, product]));
    this.byExternalId = new Map(products.map((product) => [product.externalId, product]));
    this.byHandle = new Map(products.map((product) => [product.handle, product]));
  }

  /**
   * Never by the handle alone: two things may share a name, and the one made by hand would be lost without a trace. But a
   * foreign format knows nothing else, so that one without an external id is meant there.
   */
  meant({ id, externalId, handle, keeps }: IncomingProduct): KnownProduct | undefined {
    const named =
      (id === undefined ? undefined : this.byId.get(id)) ?? this.byExternalId.get(externalId ?? handle);
    if (named || keeps?.more !== true) return named;
    const holder = this.byHandle.get(handle);
    return holder?.externalId === null ? holder : undefined;
  }

  /** Who has one of its names already. */
  holders({ externalId, handle }: IncomingProduct) {
    const named = externalId === null ? undefined : this.byExternalId.get(externalId);
    return { handle: this.byHandle.get(handle), externalId: named };
  }

  /** Those of which more must be known: they are not as this file left them, or it leaves something to them. */
  differing(products: IncomingProduct[]): string[] {
    return products.flatMap((product) => {
      const present = this.meant(product);
      const asks = product.keeps !== undefined || (present && !isAsImported(present, digestOf(product)));
      return present && asks ? [present.id] : [];
    });
  }
}

const isAsImported = ({ digest, digestVersion, version }: KnownProduct, wanted: Buffer): boolean =>
  digest === wanted.toString('hex') && digestVersion === version;

/** Rows of which none uses a name that the file has used before; `names` are those that they use. */
export interface DistinctRows {
  rows: IncomingRow[];
  names: string[];
}

/**
 * Each name may stand in a file once: it makes the later row wrong, because nobody knows which of the two is meant. `used` tells
 * of keys of names those that rows of earlier chunks have used; only what a good row uses counts.
 */
export async function refuseRepeats(
  rows: IncomingRow[],
  used: (keys: string[]) => Promise<Set<string>>,
): Promise<DistinctRows> {
  const named = rows.map((row) => ({ row, names: row.product ? namesOf(row.product) : [] }));
  const seen = await used(named.flatMap(({ names }) => names.map(({ key }) => key)));
  const mine = new Set<string>();
  const checked = named.map(({ row, names }) => {
    const repeated = names.find(({ key }) => seen.has(key) || mine.has(key));
    if (!repeated) {
      for (const { key } of names) mine.add(key);
      return row;
    }
    const { pointer, name } = repeated;
    const fault = {
      line: row.line,
      code: 'repeated',
      pointer,
      message: `${name} stands in the file already`,
    };
    return { ...row, product: null, faults: [fault] };
  });
  return { rows: checked, names: [...mine] };
}

/** All that a product is known by. The key is the name, what kind it is of included, in the form of a UUID. */
function namesOf({ id, externalId, handle, variants }: IncomingProduct) {
  const names: [kind: string, pointer: string, name: string][] = [['h', '/handle', handle]];
  if (externalId !== null) names.unshift(['e', '/externalId', externalId]);
  if (id !== undefined) names.unshift(['i', '/id', id]);
  variants.forEach(({ sku }, index) => names.push(['s', `/variants/${index}/sku`, sku]));
  return names.map(([kind, pointer, name]) => ({
    pointer,
    name,
    key: createHash('sha256').update(`${kind}${name}`).digest('hex').slice(0, 32),
  }));
}

export function planChunk(rows: IncomingRow[], known: Known, idOf: (row: IncomingRow) => string): ChunkPlan {
  const plan: ChunkPlan = {
    ...{ outcomes: [], created: [], updated: [], same: [], moved: [], rejected: [], errors: [] },
  };
  const bySku = new Map(known.variants.map((variant) => [variant.sku, variant]));
  for (const row of rows) {
    const { product, ordinal, line, externalId } = row;
    const wish = product && wishOf(product, known);
    const faults = wish
      ? [
          ...conflicts(row, product, bySku, known),
          ...[...wish.faults, ...promises(wish, bySku, known)].map((fault) => ({ ...fault, line })),
        ]
      : row.faults;
    const [outcome, productId] =
      wish && faults.length === 0 ? take(plan, row, wish, bySku, idOf) : reject(plan, { ...row, faults });
    plan.outcomes.push([ordinal, line, externalId, outcome, productId]);
  }
  return plan;
}

/** What a row wants its product to be, and what of that cannot be. */
interface Wish {
  product: IncomingProduct;
  present: KnownProduct | undefined;
  whole: WholeProduct;
  digest: Buffer;
  /** Texts and variants are so already. */
  same: boolean;
  faults: FieldError[];
}

function wishOf(product: IncomingProduct, { products, records, media, ...known }: Known): Wish {
  const present = products.meant(product);
  const digest = digestOf(product);
  // Of another shop: then its address serves.
  const pictures = product.media.map(({ mediaId, ...rest }) =>
    mediaId !== undefined && media.has(mediaId) ? { mediaId, ...rest } : rest,
  );
  const record = (present && records.get(present.id)) ?? null;
  const given = { ...product, media: pictures };
  // Found by its handle: it has no external id, and the file none for it.
  if (record && present?.externalId === null && product.keeps?.more) given.externalId = null;
  const completed = complete(given, record);
  const fitted = fittedTo(completed, present, known);
  const whole = { ...completed, attributes: fitted.values };
  const same =
    present !== undefined && (isAsImported(present, digest) || (record !== null && isSame(whole, record)));
  return { product, present, whole, digest, same, faults: fitted.faults };
}

function take(
  plan: ChunkPlan,
  row: IncomingRow,
  { product, present, whole, digest, same }: Wish,
  bySku: Map<string, KnownVariant>,
  idOf: (row: IncomingRow) => string,
): [Outcome, string] {
  const id = present?.id ?? idOf(row);
  const write = { id, digest: digest.toString('hex'), product: whole };
  if (!present) {
    plan.created.push(write);
    return ['created', id];
  }
  // A variant that was given another SKU since then is as good as gone from the product.
  const isThere = product.variants.every(({ sku }) => bySku.has(sku));
  if (!isThere || !same) {
    plan.updated.push(write);
    return ['updated', id];
  }
  plan.same.push(write);
  if (!differs(product, bySku)) return ['unchanged', id];
  plan.moved.push(write);
  return ['updated', id];
}

/** The attributes as they are kept, and what of them does not fit the type that the product will have. */
function fittedTo(
  { productType, attributes }: WholeProduct,
  present: KnownProduct | undefined,
  { types, references }: Pick<Known, 'types' | 'references'>,
): ReturnType<typeof fitAttributes> {
  const code = productType ?? present?.productType ?? null;
  if (code === null) return { values: attributes, faults: [] };
  const type = types.get(code);
  if (type) return fitAttributes(code, type.attributes, attributes, references);
  const message = `there is no product type ${code}`;
  return { values: {}, faults: [{ pointer: '/productType', code: 'unknown_product_type', message }] };
}

function reject(plan: ChunkPlan, row: IncomingRow): ['rejected', null] {
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
  return ['rejected', null];
}

function conflicts(
  { line }: IncomingRow,
  product: IncomingProduct,
  bySku: Map<string, KnownVariant>,
  { products, media, locations, taxClasses }: Known,
): IncomingRow['faults'] {
  const faults: IncomingRow['faults'] = [];
  const present = products.meant(product);
  const holders = products.holders(product);
  if (present?.status === 'archived')
    faults.push({
      line,
      code: 'archived',
      pointer: '/externalId',
      message: 'the product was archived for good',
    });
  if (RESERVED_HANDLES.has(product.handle))
    faults.push({ line, code: 'handle_taken', pointer: '/handle', message: `${product.handle} is reserved` });
  if (holders.externalId && holders.externalId.id !== present?.id)
    faults.push({
      line,
      code: 'external_id_taken',
      pointer: '/externalId',
      message: `${product.externalId} is the external id of another product`,
    });
  if (holders.handle && holders.handle.id !== present?.id)
    faults.push({
      line,
      code: 'handle_taken',
      pointer: '/handle',
      message: `${product.handle} belongs to another product, and that one has not the external id ${product.externalId ?? product.id ?? ''}`,
    });
  if (product.taxClass !== undefined && !taxClasses.has(product.taxClass))
    faults.push({
      line,
      code: 'unknown_tax_class',
      pointer: '/taxClass',
      message: `there is no tax class ${product.taxClass}`,
    });
  product.media.forEach(({ mediaId, url }, index) => {
    if (mediaId === undefined || url !== undefined || media.has(mediaId)) return;
    const message = `there is no upload ${mediaId}, and no url beside it`;
    faults.push({ line, code: 'unknown_media', pointer: `/media/${index}/mediaId`, message });
  });
  product.variants.forEach((variant, index) => {
    const { sku, stock } = variant;
    const owner = bySku.get(sku);
    faults.push(
      ...oddKind(variant, owner).map((fault) => ({
        line,
        ...fault,
        pointer: `/variants/${index}/${fault.pointer}`,
      })),
    );
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

/** Where fewer would lie than are promised to orders and carts that are checked out. */
function promises(
  { product, whole }: Wish,
  bySku: Map<string, KnownVariant>,
  { locations }: Known,
): FieldError[] {
  const limits = new Map(whole.variants.map(({ sku, backorderLimit }) => [sku, backorderLimit]));
  const [first] = locations.keys();
  return product.variants.flatMap(({ sku, stock }, index) =>
    stock.flatMap(({ location, onHand }): FieldError[] => {
      const limit = location === first ? (limits.get(sku) ?? 0) : 0;
      const least = (bySku.get(sku)?.promised[location] ?? 0) - limit;
      if (onHand >= least) return [];
      const message = `${onHand} of ${sku} cannot be at ${location}: at least ${least} are promised to orders`;
      return [{ pointer: `/variants/${index}/stock`, code: 'stock_promised', message }];
    }),
  );
}

/** What of the way in which it is handed over cannot be; the pointer is the field. */
function oddKind({ kind, stockTracked }: IncomingVariant, present: KnownVariant | undefined): FieldError[] {
  if (kind === 'gift_card' && stockTracked === true)
    return [{ pointer: 'stockTracked', code: 'odd_kind', message: 'must be false for a gift card' }];
  if (present?.isBundle && typeof stockTracked === 'boolean')
    return [{ pointer: 'stockTracked', code: 'odd_bundle', message: 'a bundle is counted by its parts' }];
  if (kind === undefined || kind === 'physical' || !(present?.isBundle || present?.isPart)) return [];
  const message = 'bundles, and what they are made of, are things that are sent';
  return [{ pointer: 'kind', code: 'odd_bundle', message }];
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
