import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { BundleService } from '../bundle/bundle.service.js';
import { StockService } from '../stock/stock.service.js';
import type { AdminProductDto } from './admin-product.dto.js';
import { unique } from './product.conflicts.js';
import { ProductRepository, type ProductRow, type VariantRow } from './product.repository.js';
import { itself, refuseFaults, refuseOddPrices, rowOf } from './product.rules.js';
import { ProductTrail } from './product-trail.service.js';
import type { UpdateVariantDto, VariantInputDto } from './variant.dto.js';
import { VariantEquipment } from './variant-equipment.service.js';
import { changedKind } from './variant-kind.js';
import { faultsOfChoices } from './variant-options.js';

/** Variants of products that there are, as staff change them. */
@Injectable()
export class VariantService {
  constructor(
    private readonly database: Database,
    private readonly products: ProductRepository,
    private readonly stock: StockService,
    private readonly bundles: BundleService,
    private readonly equipment: VariantEquipment,
    private readonly trail: ProductTrail,
  ) {}

  async addVariant(productId: string, input: VariantInputDto, actor: Actor): Promise<AdminProductDto> {
    refuseOddPrices([input], itself);
    return this.database.transaction(async () => {
      const product = await this.products.lock(productId);
      if (!product) throw platformProblems.not_found();
      const variant = rowOf(productId, input, 1_000_000);
      await this.refuseOddVariant(product, variant);
      await unique(() => this.products.insertVariants([variant]), [variant], itself);
      await this.equipment.equip([variant], [input], actor, itself);
      await this.products.update(product);
      return this.trail.finish(productId, actor, 'updated', ['variants']);
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
      const isPart = fields.kind !== undefined && (await this.bundles.isPart(id));
      const next = { ...variant, ...fields, ...changedKind(variant, fields, isPart) };
      if (fields.retired === true) await this.bundles.refuseParts({ variantId: id });
      if (fields.options || fields.retired === false) {
        const product = await this.products.lock(variant.productId);
        if (product) await this.refuseOddVariant(product, next);
      }
      await unique(() => this.products.updateVariant(next), [next], itself);
      if (backorderLimit !== undefined) await this.stock.setBackorderLimit(id, backorderLimit);
      await this.products.touch(variant.productId);
      return this.trail.finish(variant.productId, actor, 'updated', Object.keys(input));
    });
  }

  /** One variant fits its product and differs from the others that are on sale. */
  private async refuseOddVariant({ id, options }: ProductRow, variant: VariantRow): Promise<void> {
    const others = (await this.products.variantsOnSale(id)).filter((other) => other.id !== variant.id);
    const taken = others.map((other) => other.options);
    refuseFaults(faultsOfChoices(options, [{ at: '', choices: variant.options }], taken));
  }
}
