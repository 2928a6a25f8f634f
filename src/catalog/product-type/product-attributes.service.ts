import { Injectable } from '@nestjs/common';
import { ProductNames } from '../product/product-names.repository.js';
import { fitAttributes, type ProductIds, referencesIn } from './attribute-values.js';
import { productTypeProblems } from './product-type.errors.js';
import { type ProductType, ProductTypeRepository } from './product-type.repository.js';

/** What a product says of itself, held against its type. */
@Injectable()
export class ProductAttributes {
  constructor(
    private readonly types: ProductTypeRepository,
    private readonly products: ProductNames,
  ) {}

  /** Keeps all types as they are until the commit; before any product is locked. */
  async keepTypes(): Promise<void> {
    await this.types.keep();
  }

  /**
   * The attributes as they are kept. Those of a product without a type are free; with one, 422 for what does not fit.
   * The types are kept meanwhile.
   */
  async fit(code: string | null, given: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (code === null) return given;
    const type = (await this.types.byCodes([code])).get(code);
    if (!type)
      throw productTypeProblems.unknown_product_type(undefined, {
        errors: [{ pointer: '/productType', code: 'unknown_product_type', message: 'is not known' }],
      });
    const ids = await this.products.idsOf(referencesIn(type.attributes, given));
    const { values, faults } = fitAttributes(code, type.attributes, given, ids);
    if (faults.length > 0) throw productTypeProblems.odd_attributes(undefined, { errors: faults });
    return values;
  }

  /** What the attributes of many products are held against: types by their codes, and what their references name. */
  async known(
    codes: string[],
    given: Record<string, unknown>[],
  ): Promise<{ types: Map<string, ProductType>; references: ProductIds }> {
    const types = await this.types.byCodes([...new Set(codes)]);
    const attributes = [...types.values()].flatMap((type) => type.attributes);
    const keys = given.flatMap((one) => referencesIn(attributes, one));
    return { types, references: await this.products.idsOf(keys) };
  }
}
