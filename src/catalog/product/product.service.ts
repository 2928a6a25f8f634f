import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database, isForeignKeyViolation, isUniqueViolation } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { catalogProblems } from '../catalog.errors.js';
import { ProductChanged } from '../catalog.events.js';
import { mediaProblems } from '../media/media.errors.js';
import { MediaRepository } from '../media/media.repository.js';
import { PriceRepository } from '../price/price.repository.js';
import { SearchIndex } from '../search/search-index.service.js';
import { faultsOfChoices, type Option, optionsOf } from './variant-options.js';
import { StockService } from '../stock/stock.service.js';
import {
  type AdminProductDto,
  type CreateProductDto,
  type MediaInputDto,
  RESERVED_HANDLES,
  type UpdateProductDto,
  type UpdateVariantDto,
  type VariantInputDto,
} from './product.dto.js';
import { ProductRepository, type ProductRow, type VariantRow } from './product.repository.js';

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100)
    .replace(/-$/, '');

/** Products and their variants, as staff change them. */
@Injectable()
export class ProductService {
  constructor(
    private readonly database: Database,
    private readonly products: ProductRepository,
    private readonly media: MediaRepository,
    private readonly prices: PriceRepository,
    private readonly stock: StockService,
    private readonly search: SearchIndex,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** One call makes something sellable: texts, variants, prices and stock. */
  async create(input: CreateProductDto, actor: Actor): Promise<AdminProductDto> {
    const id = newId();
    const handle = input.handle ?? (slug(input.title) || id);
    refuseReserved(handle);
    refuseDoubleSkus(input.variants);
    refuseOddPrices(input.variants, ofVariant);
    refuseOddMedia(input.media);
    return this.database.transaction(async () => {
      if (input.categories) await this.products.keepCategories();
      const {
        title,
        description = '',
        brand = null,
        status = 'draft',
        options = optionsOf(input.variants.map((variant) => variant.options ?? {})),
        attributes = {},
      } = input;
      const { media = [], taxClass = 'standard', metadata = {}, externalId = null } = input;
      const product = {
        id,
        handle,
        externalId,
        title,
        description,
        brand,
        status,
        options,
        attributes,
        media: media.map(asKept),
        taxClass,
        metadata,
        version: 1,
      };
      const variants = input.variants.map((variant, position) => rowOf(id, variant, position));
      const choosing = variants.map((variant, index) => ({ at: ofVariant(index), choices: variant.options }));
      refuseFaults(faultsOfChoices(options, choosing));
      await this.unique(() => this.products.insert(product));
      await this.linkMedia(id, media);
      await this.unique(() => this.products.insertVariants(variants), variants, ofVariant);
      await this.setCategories(id, input.categories ?? []);
      await this.equip(variants, input.variants, actor, ofVariant);
      return this.finish(id, actor, 'created');
    });
  }

  async update(
    id: string,
    input: UpdateProductDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminProductDto> {
    refuseOddMedia(input.media);
    return this.database.transaction(async () => {
      if (input.categories) await this.products.keepCategories();
      const product = await this.products.lock(id);
      if (!product) throw platformProblems.not_found();
      requireVersion(version, product.version);
      const { categories, media, ...fields } = input;
      if (fields.handle !== undefined) refuseReserved(fields.handle);
      if (fields.options) await this.refuseOptionsInUse(id, fields.options);
      const changed = { ...product, ...fields, ...(media && { media: media.map(asKept) }) };
      await this.unique(() => this.products.update(changed));
      if (media) await this.linkMedia(id, media);
      if (categories) await this.setCategories(id, categories);
      return this.finish(id, actor, 'updated', Object.keys(input));
    });
  }

  /** Takes the product out of the shop for good. What was sold keeps pointing at it, so the row stays. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const product = await this.products.lock(id);
      if (!product) throw platformProblems.not_found();
      requireVersion(version, product.version);
      await this.products.update({ ...product, status: 'archived' });
      await this.finish(id, actor, 'archived');
    });
  }

  async addVariant(productId: string, input: VariantInputDto, actor: Actor): Promise<AdminProductDto> {
    refuseOddPrices([input], itself);
    return this.database.transaction(async () => {
      const product = await this.products.lock(productId);
      if (!product) throw platformProblems.not_found();
      const variant = rowOf(productId, input, 1_000_000);
      await this.refuseOddVariant(product, variant);
      await this.unique(() => this.products.insertVariants([variant]), [variant], itself);
      await this.equip([variant], [input], actor, itself);
      await this.products.update(product);
      return this.finish(productId, actor, 'updated', ['variants']);
    });
  }

  async updateVariant(
    id: string,
    input: UpdateVariantDto,
    version: number | null,
    actor: Actor,
  ): Promise<AdminProductDto> {
    return this.database.transaction(async () => {
      const variant = await this.products.lockVariant(id);
      if (!variant) throw platformProblems.not_found();
      requireVersion(version, variant.version);
      const { backorderLimit, ...fields } = input;
      const next = { ...variant, ...fields };
      if (fields.options || fields.retired === false) {
        const product = await this.products.lock(variant.productId);
        if (product) await this.refuseOddVariant(product, next);
      }
      await this.unique(() => this.products.updateVariant(next), [next], itself);
      if (backorderLimit !== undefined) await this.stock.setBackorderLimit(id, backorderLimit);
      await this.products.touch(variant.productId);
      return this.finish(variant.productId, actor, 'updated', Object.keys(input));
    });
  }

  /** One variant fits its product and differs from the others that are on sale. */
  private async refuseOddVariant({ id, options }: ProductRow, variant: VariantRow): Promise<void> {
    const others = (await this.products.variantsOnSale(id)).filter((other) => other.id !== variant.id);
    const taken = others.map((other) => other.options);
    refuseFaults(faultsOfChoices(options, [{ at: '', choices: variant.options }], taken));
  }

  /** New options must still describe every variant that is on sale. */
  private async refuseOptionsInUse(id: string, options: Option[]): Promise<void> {
    const variants = await this.products.variantsOnSale(id);
    const faults = faultsOfChoices(
      options,
      variants.map((each) => ({ at: '', choices: each.options })),
    );
    if (faults.length === 0) return;
    refuseFaults([
      { pointer: '/options', code: 'in_use', message: 'must describe the variants that there are' },
    ]);
  }

  private async equip(
    variants: VariantRow[],
    inputs: VariantInputDto[],
    actor: Actor,
    pointer: (index: number) => string,
  ): Promise<void> {
    const prices = variants.flatMap(({ id }, index) =>
      (inputs[index]?.prices ?? []).map(({ amount, currency, compareAt = null }) => ({
        variantId: id,
        currency,
        amount,
        compareAt,
      })),
    );
    if (prices.length > 0) await this.prices.append(prices, this.clock.now(), personId(actor) ?? actor.kind);
    const stock = variants.flatMap(({ id }, index) =>
      (inputs[index]?.stock ?? [])
        .map(({ location, onHand }, place) => ({
          variantId: id,
          location,
          kind: 'received' as const,
          quantity: onHand,
          reason: null,
          pointer: `${pointer(index)}/stock/${place}`,
        }))
        .filter(({ quantity }) => quantity > 0),
    );
    if (stock.length > 0) await this.stock.change(stock, actor, (index) => stock[index]?.pointer ?? '');
    for (const [index, { backorderLimit = 0 }] of inputs.entries()) {
      const variant = variants[index];
      if (backorderLimit > 0 && variant) await this.stock.setBackorderLimit(variant.id, backorderLimit);
    }
  }

  /** Uploads that a product names are there, and stay. */
  private async linkMedia(id: string, media: MediaInputDto[]): Promise<void> {
    const ids = media.flatMap(({ mediaId }) => mediaId ?? []);
    const unknown = ids.length > 0 ? await this.media.unknown(ids) : [];
    if (unknown.length > 0)
      throw mediaProblems.unknown_media(undefined, {
        errors: unknown.map((mediaId) => ({
          pointer: `/media/${media.findIndex((one) => one.mediaId === mediaId)}/mediaId`,
          code: 'unknown_media',
          message: 'is not known',
        })),
      });
    await this.products.linkMedia(id, ids);
  }

  private async setCategories(id: string, handles: string[]): Promise<void> {
    const unknown = await this.products.setCategories(id, handles);
    if (unknown.length === 0) return;
    throw catalogProblems.unknown_category(`There is no category ${unknown.join(', ')}.`, {
      errors: unknown.map((handle) => ({
        pointer: `/categories/${handles.indexOf(handle)}`,
        code: 'unknown_category',
        message: 'is not known',
      })),
    });
  }

  /** What every change ends with: the search row, the fact, the trail, and what is shown to whoever made it. */
  private async finish(id: string, actor: Actor, what: string, fields?: string[]): Promise<AdminProductDto> {
    await this.search.refresh([id]);
    this.outbox.record(new ProductChanged({ productIds: [id] }));
    this.audit.record({
      actor,
      action: `catalog.product.${what}`,
      subjectType: 'product',
      subjectId: id,
      ...(fields && { details: { fields } }),
    });
    this.database.afterCommit(() => this.pages.dropAll());
    const product = await this.products.admin(id);
    if (!product) throw platformProblems.not_found();
    return product;
  }

  /** Names the field whose value somebody else has, or nobody knows. */
  private async unique(
    write: () => Promise<void>,
    variants: VariantRow[] = [],
    pointer: (index: number) => string = itself,
  ): Promise<void> {
    try {
      await write();
    } catch (error) {
      const taken = (pointer: string): { errors: FieldError[] } => ({
        errors: [{ pointer, code: 'taken', message: 'is taken' }],
      });
      if (isUniqueViolation(error, 'products_handle_key'))
        throw catalogProblems.handle_taken(undefined, taken('/handle'));
      if (isUniqueViolation(error, 'products_external_id_key'))
        throw catalogProblems.external_id_taken(undefined, taken('/externalId'));
      if (isUniqueViolation(error, 'variants_sku_key')) {
        const { detail = '' } = error as { detail?: string };
        const index = variants.findIndex(({ sku }) => detail.includes(`=(${sku}) `));
        throw catalogProblems.sku_taken(undefined, taken(`${pointer(Math.max(index, 0))}/sku`));
      }
      if (isForeignKeyViolation(error, 'variants_media_fk')) {
        const { detail = '' } = error as { detail?: string };
        const index = variants.findIndex(({ mediaId }) => mediaId !== null && detail.includes(mediaId));
        throw mediaProblems.unknown_media(undefined, {
          errors: [
            {
              pointer: `${pointer(Math.max(index, 0))}/mediaId`,
              code: 'unknown_media',
              message: 'is no picture of the product',
            },
          ],
        });
      }
      if (isForeignKeyViolation(error, 'products_tax_class_fk'))
        throw catalogProblems.unknown_tax_class(undefined, {
          errors: [{ pointer: '/taxClass', code: 'unknown_tax_class', message: 'is not known' }],
        });
      throw error;
    }
  }
}

/** Where a variant stands in the call that makes its product, and in a call of its own. */
const ofVariant = (index: number): string => `/variants/${index}`;
const itself = (): string => '';

function refuseFaults(errors: FieldError[]): void {
  if (errors.length > 0) throw catalogProblems.odd_options(undefined, { errors });
}

function refuseReserved(handle: string): void {
  if (!RESERVED_HANDLES.has(handle)) return;
  throw catalogProblems.handle_taken(`The word ${handle} is reserved.`, {
    errors: [{ pointer: '/handle', code: 'reserved', message: 'is reserved' }],
  });
}

function refuseDoubleSkus(variants: VariantInputDto[]): void {
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
function refuseOddMedia(media: MediaInputDto[] = []): void {
  const errors = media.flatMap(({ mediaId, url }, index) =>
    (mediaId === undefined) === (url === undefined)
      ? [{ pointer: `/media/${index}`, code: 'only_one_of', message: 'needs exactly one of mediaId, url' }]
      : [],
  );
  if (errors.length > 0) throw platformProblems.invalid_input('A picture needs mediaId or url.', { errors });
}

/** What is kept of a picture in the row of the product. */
const asKept = ({ mediaId, url, alt = null }: MediaInputDto): object => ({
  ...(mediaId === undefined ? { url } : { mediaId }),
  alt,
});

/** A price is lower than what it is compared with, and there is one per currency. */
function refuseOddPrices(variants: VariantInputDto[], pointer: (index: number) => string): void {
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

function rowOf(productId: string, input: VariantInputDto, position: number): VariantRow {
  const { sku, options = {}, barcode = null, weightGrams = 0, mediaId = null } = input;
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
    retired: false,
    version: 1,
  };
}
