import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { PageCache } from '../../platform/http/page-cache.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { ProductTypeChanged } from '../catalog.events.js';
import { SearchIndex } from '../search/search-index.service.js';
import { type Attribute, narrowings } from './attribute.js';
import type { AttributeInputDto, CreateProductTypeDto, UpdateProductTypeDto } from './product-type.dto.js';
import { productTypeProblems } from './product-type.errors.js';
import { type ProductType, ProductTypeRepository } from './product-type.repository.js';

/** Products whose search rows are written by one statement. */
const BATCH = 500;

/** Kinds of products and their attributes, as staff make and change them. */
@Injectable()
export class ProductTypeService {
  constructor(
    private readonly database: Database,
    private readonly types: ProductTypeRepository,
    private readonly search: SearchIndex,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly pages: PageCache,
  ) {}

  /** The newest first. */
  list(after: string | null, limit: number): Promise<ProductType[]> {
    return this.types.list(after, limit);
  }

  async get(id: string): Promise<ProductType> {
    const type = await this.types.find(id);
    if (!type) throw platformProblems.not_found();
    return type;
  }

  /** 409 when the code is taken. */
  create({ code, title, attributes }: CreateProductTypeDto, actor: Actor): Promise<ProductType> {
    const type = { id: newId(), code, title, attributes: wholeAttributes(attributes) };
    return this.database.transaction(async () => {
      if (!(await this.types.insert(type)))
        throw platformProblems.conflict('There is a product type of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      return this.finish(type, 'created', actor);
    });
  }

  /** 409 when products of the type would not fit it any more; nothing is changed then. */
  update(
    id: string,
    input: UpdateProductTypeDto,
    version: number | null,
    actor: Actor,
  ): Promise<ProductType> {
    return this.database.transaction(async () => {
      const type = await this.locked(id, version);
      const attributes = input.attributes ? wholeAttributes(input.attributes) : type.attributes;
      await this.refuseMisfits(type, attributes);
      await this.types.update({ ...type, title: input.title ?? type.title, attributes });
      if (facetsOf(type.attributes) !== facetsOf(attributes)) await this.refreshProducts(type.code);
      return this.finish(type, 'updated', actor);
    });
  }

  /** 409 while a product has it that is not archived. */
  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const type = await this.locked(id, version);
      const { length } = await this.types.products(type.code);
      if (length > 0)
        throw productTypeProblems.product_type_in_use(`${productsHave(length)} the type.`, {
          extra: { products: length },
        });
      await this.types.delete(type);
      this.record(type, 'deleted', actor);
    });
  }

  private async locked(id: string, version: number | null): Promise<ProductType> {
    await this.types.lock();
    const type = await this.get(id);
    requireVersion(version, type.version);
    return type;
  }

  private async refuseMisfits(type: ProductType, attributes: Attribute[]): Promise<void> {
    const narrowed = narrowings(type.attributes, attributes);
    if (narrowed.length === 0) return;
    const { each, all } = await this.types.hit(type.code, narrowed);
    if (all === 0) return;
    const errors = narrowed.flatMap(({ kind, code, at }, n): FieldError[] => {
      const count = each[n] ?? 0;
      const what =
        kind === 'required'
          ? `lack ${code}`
          : `have ${kind === 'options' ? `values of ${code} that are left out` : code}`;
      const pointer = at === null ? '/attributes' : `/attributes/${at}`;
      return count === 0 ? [] : [{ pointer, code: 'in_use', message: `${count} products ${what}` }];
    });
    throw productTypeProblems.product_type_in_use(
      `${productsHave(all)} something that the type would not take.`,
      {
        errors,
        extra: { products: all },
      },
    );
  }

  private async refreshProducts(code: string): Promise<void> {
    const ids = await this.types.products(code);
    for (let at = 0; at < ids.length; at += BATCH) await this.search.refresh(ids.slice(at, at + BATCH));
  }

  private finish(type: Pick<ProductType, 'id' | 'code'>, what: string, actor: Actor): Promise<ProductType> {
    this.record(type, what, actor);
    return this.get(type.id);
  }

  private record({ id, code }: Pick<ProductType, 'id' | 'code'>, what: string, actor: Actor): void {
    this.outbox.record(new ProductTypeChanged({ productTypeId: id }));
    this.audit.record({
      actor,
      action: `catalog.product_type.${what}`,
      subjectType: 'product_type',
      subjectId: id,
      details: { code },
    });
    this.database.afterCommit(() => this.pages.dropAll());
  }
}

const productsHave = (count: number): string => (count === 1 ? 'One product has' : `${count} products have`);

/** What decides which values are counted. */
const facetsOf = (attributes: Attribute[]): string =>
  attributes
    .map(({ code, facet }) => `${code} ${facet}`)
    .sort()
    .join();

/** Attributes with all that was left out, once they go together in themselves. */
function wholeAttributes(inputs: AttributeInputDto[]): Attribute[] {
  const errors = inputs.flatMap(({ kind, unit, options = [], multiple = false }, at) => {
    const fault = (field: string, message: string): FieldError[] => [
      { pointer: `/attributes/${at}/${field}`, code: 'does_not_fit', message },
    ];
    return [
      ...(kind === 'enum' && options.length === 0 ? fault('options', 'must hold what the enum may be') : []),
      ...(kind !== 'enum' && options.length > 0 ? fault('options', 'are of an enum only') : []),
      ...(kind !== 'number' && unit ? fault('unit', 'is of a number only') : []),
      ...(multiple && kind !== 'enum' && kind !== 'text'
        ? fault('multiple', 'is of text and enum only')
        : []),
    ];
  });
  if (errors.length > 0)
    throw platformProblems.invalid_input('An attribute does not go together in itself.', { errors });
  return inputs.map(
    ({ code, label, kind, unit = null, options = [], required = false, facet, multiple = false }) => ({
      ...{ code, label, kind, unit, options, required, multiple },
      facet: facet ?? kind !== 'reference',
    }),
  );
}
