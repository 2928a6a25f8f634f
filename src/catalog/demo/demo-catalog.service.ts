import { system } from '../../platform/access/actor.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { type BannerPart, FirstStart, type FirstStartStep } from '../../platform/start/first-start.js';
import { CategoryService } from '../category/category.service.js';
import { PriceService } from '../price/price.service.js';
import type { AdminProductDto } from '../product/admin-product.dto.js';
import { ProductService } from '../product/product.service.js';
import { LocationService } from '../stock/location.service.js';
import { asInput, inCurrencies } from './demo-catalog.js';
import { DemoCatalogRepository } from './demo-catalog.repository.js';
import { type DemoProduct, demoCategories, demoProducts } from './demo.products.js';

const demo = system('demo');

/** Fills an empty store with a catalog to try things on, by the very calls that staff make. Never in production. */
@FirstStart()
export class DemoCatalog implements FirstStartStep {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly catalog: DemoCatalogRepository,
    private readonly categories: CategoryService,
    private readonly products: ProductService,
    private readonly prices: PriceService,
    private readonly locations: LocationService,
  ) {}

  async run(): Promise<BannerPart> {
    if (this.config.demoStore) await this.fill();
    return { sells: await this.catalog.sells(this.config.storeCurrency) };
  }

  /** All or nothing; false when the store has products or categories already. */
  fill(): Promise<boolean> {
    return this.database.transaction(async () => {
      if (!(await this.catalog.claimEmpty())) return false;
      await this.locations.add({ code: 'harbour', name: 'Harbour warehouse', priority: 10 }, demo);
      await this.addCategories();
      for (const product of demoProducts) {
        const made = await this.products.create(asInput(product, this.config.storeCurrency), demo);
        await this.reduce(product, made);
      }
      return true;
    });
  }

  private async addCategories(): Promise<void> {
    const ids = new Map<string, string>();
    for (const [position, { handle, title, parent }] of demoCategories.entries()) {
      const parentId = parent === undefined ? null : (ids.get(parent) ?? null);
      const { id } = await this.categories.create({ handle, title, parentId, position }, demo);
      ids.set(handle, id);
    }
  }

  private async reduce(product: DemoProduct, { variants }: AdminProductDto): Promise<void> {
    if (!product.before) return;
    const { storeCurrency } = this.config;
    const before = inCurrencies(product.before, storeCurrency);
    const prices = inCurrencies(product, storeCurrency).map((price, at) => ({
      price,
      compareAtPrice: before[at] ?? null,
    }));
    await this.prices.set(
      variants.flatMap(({ id: variantId }) => prices.map((price) => ({ variantId, ...price }))),
      demo,
    );
  }
}
