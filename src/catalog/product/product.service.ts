import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { BundleService } from '../bundle/bundle.service.js';
import { ProductAttributes } from '../product-type/product-attributes.service.js';
import type { AdminProductDto, CreateProductDto, UpdateProductDto } from './admin-product.dto.js';
import { unique } from './product.conflicts.js';
import { ProductRepository } from './product.repository.js';
import {
  asKept,
  ofVariant,
  refuseDoubleSkus,
  refuseFaults,
  refuseOddMedia,
  refuseOddPrices,
  refuseReserved,
  rowOf,
  slug,
} from './product.rules.js';
import { ProductLinks } from './product-links.service.js';
import { ProductTrail } from './product-trail.service.js';
import { VariantEquipment } from './variant-equipment.service.js';
import { faultsOfChoices, type Option, optionsOf } from './variant-options.js';

/** Products as staff make and change them; variants of products that there are: variant.service. */
@Injectable()
export class ProductService {
  constructor(
    private readonly database: Database,
    private readonly products: ProductRepository,
    private readonly attributes: ProductAttributes,
    private readonly links: ProductLinks,
    private readonly equipment: VariantEquipment,
    private readonly bundles: BundleService,
    private readonly trail: ProductTrail,
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
      if (input.productType) await this.attributes.keepTypes();
      const {
        title,
        description = '',
        brand = null,
        status = 'draft',
        options = optionsOf(input.variants.map((variant) => variant.options ?? {})),
        attributes = {},
      } = input;
      const { media = [], taxClass = 'standard', metadata = {}, externalId = null } = input;
      const { productType = null, seo = {} } = input;
      const product = {
        id,
        handle,
        externalId,
        title,
        description,
        brand,
        status,
        options,
        attributes: await this.attributes.fit(productType, attributes),
        media: media.map(asKept),
        taxClass,
        productType,
        metadata,
        seo,
        version: 1,
      };
      const variants = input.variants.map((variant, position) => rowOf(id, variant, position));
      const choosing = variants.map((variant, index) => ({ at: ofVariant(index), choices: variant.options }));
      refuseFaults(faultsOfChoices(options, choosing));
      await unique(() => this.products.insert(product));
      await this.links.linkMedia(id, media);
      await unique(() => this.products.insertVariants(variants), variants, ofVariant);
      await this.links.setCategories(id, input.categories ?? []);
      if (input.related) await this.links.setRelated(id, input.related);
      await this.equipment.equip(variants, input.variants, actor, ofVariant);
      return this.trail.finish(id, actor, 'created');
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
      if (input.productType || input.attributes) await this.attributes.keepTypes();
      const product = await this.products.lock(id);
      if (!product) throw platformProblems.not_found();
      requireVersion(version, product.version);
      const { categories, media, related, ...fields } = input;
      if (fields.handle !== undefined) refuseReserved(fields.handle);
      if (fields.options) await this.refuseOptionsInUse(id, fields.options);
      const changed = { ...product, ...fields, ...(media && { media: media.map(asKept) }) };
      if (input.productType !== undefined || input.attributes)
        changed.attributes = await this.attributes.fit(changed.productType, changed.attributes);
      await unique(() => this.products.update(changed));
      if (media) await this.links.linkMedia(id, media);
      if (categories) await this.links.setCategories(id, categories);
      if (related) await this.links.setRelated(id, related);
      return this.trail.finish(id, actor, 'updated', Object.keys(input));
    });
  }

  /** Takes the product out of the shop for good. What was sold keeps pointing at it, so the row stays. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const product = await this.products.lock(id);
      if (!product) throw platformProblems.not_found();
      requireVersion(version, product.version);
      await this.bundles.refuseParts({ productId: id });
      await this.products.update({ ...product, status: 'archived' });
      await this.trail.finish(id, actor, 'archived');
    });
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
}
