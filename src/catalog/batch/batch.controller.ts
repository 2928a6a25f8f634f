import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { BatchAnswerDto, Batches, type Done } from '../../platform/http/batches.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { onlyOneOf } from '../../platform/http/validation.js';
import { catalogProblems } from '../catalog.errors.js';
import { mediaProblems } from '../media/media.errors.js';
import { SetPriceDto } from '../price/price.dto.js';
import { PriceService } from '../price/price.service.js';
import { ProductService } from '../product/product.service.js';
import { StockChangeDto } from '../stock/stock.dto.js';
import { StockService } from '../stock/stock.service.js';
import { PriceBatchDto, ProductBatchDto, ProductOperationDto, StockBatchDto } from './batch.dto.js';

const { not_found, stale_version } = platformProblems;
const { unknown_location, stock_promised, stock_untracked, compare_at_too_low, price_list_currency } =
  catalogProblems;
const KINDS = ['create', 'update', 'delete'] as const;
const HOW =
  'Up to 100 items. Each is done as the single request does it, in a transaction of its own, and answered by itself: ' +
  '`results` has for each its `status` and the `id`, or a `problem` whose pointers lead into this request. With ' +
  '`atomic: true` all are done or none, and the answer is the first problem. With an Idempotency-Key each item is done ' +
  'once, however often the request is repeated; 503 then means that a repeat goes on where this one stopped.';

/** Many writes in one request. */
@ApiTags('Batches')
@Controller('v1/admin')
export class BatchController {
  constructor(
    private readonly batches: Batches,
    private readonly products: ProductService,
    private readonly prices: PriceService,
    private readonly stock: StockService,
  ) {}

  @Post('products/batch')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'batchProducts',
    example: {
      operations: [
        { create: { title: 'Wool scarf', status: 'published', variants: [{ sku: 'SCARF-1' }] } },
        { update: { id: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', brand: 'Oak & Flax' } },
      ],
    },
    summary: 'Makes, changes and archives many products',
    description: `An item has one of \`create\`, \`update\` and \`delete\`. ${HOW}`,
    answers: { 200: BatchAnswerDto },
    problems: [
      ...[
        not_found,
        stale_version,
        mediaProblems.unknown_media,
        compare_at_too_low,
        unknown_location,
        stock_untracked,
      ],
      ...[catalogProblems.handle_taken, catalogProblems.sku_taken, catalogProblems.external_id_taken],
      ...[catalogProblems.unknown_category, catalogProblems.unknown_tax_class, catalogProblems.odd_options],
    ],
    idempotency: 'accepted-steps',
  })
  batchProducts(
    @Body() { operations, atomic }: ProductBatchDto,
    @CurrentActor() actor: Actor,
  ): Promise<BatchAnswerDto> {
    return this.batches.run({
      ...{ items: operations, shape: ProductOperationDto, list: 'operations' },
      atomic,
      work: (item) => this.write(item, actor),
      at: (item, index) => {
        const kind = KINDS.find((one) => item[one] !== undefined);
        return { here: `/operations/${index}${kind === undefined ? '' : `/${kind}`}`, there: '' };
      },
    });
  }

  @Post('prices/batch')
  @Permissions('catalog:product:write')
  @Operation({
    id: 'batchPrices',
    example: {
      prices: [
        { variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', price: { amount: 1999, currency: 'EUR' } },
      ],
    },
    summary: 'Sets many prices, each by itself',
    description: `\`POST /v1/admin/prices\` sets all or none; here one that does not work leaves the others. ${HOW}`,
    answers: { 200: BatchAnswerDto },
    problems: [not_found, compare_at_too_low, price_list_currency],
    idempotency: 'accepted-steps',
  })
  batchPrices(
    @Body() { prices, atomic }: PriceBatchDto,
    @CurrentActor() actor: Actor,
  ): Promise<BatchAnswerDto> {
    return this.batches.run({
      ...{ items: prices, shape: SetPriceDto, list: 'prices' },
      atomic,
      work: async (price) => {
        await this.prices.set([price], actor);
        return { status: 200, id: price.variantId };
      },
      at: (_, index) => ({ here: `/prices/${index}`, there: '/prices/0' }),
    });
  }

  @Post('stock/batch')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'batchStock',
    example: {
      changes: [
        {
          ...{ variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', location: 'main' },
          ...{ kind: 'received', quantity: 10 },
        },
      ],
    },
    summary: 'Moves stock of many variants, each by itself',
    description: `\`POST /v1/admin/stock/movements\` writes all or none; here one that does not work leaves the others. ${HOW}`,
    answers: { 200: BatchAnswerDto },
    problems: [not_found, unknown_location, stock_promised, stock_untracked],
    idempotency: 'steps',
  })
  batchStock(
    @Body() { changes, atomic }: StockBatchDto,
    @CurrentActor() actor: Actor,
  ): Promise<BatchAnswerDto> {
    return this.batches.run({
      ...{ items: changes, shape: StockChangeDto, list: 'changes' },
      atomic,
      work: async (change) => {
        await this.stock.change([{ ...change, reason: change.reason ?? null }], actor);
        return { status: 200, id: change.variantId };
      },
      at: (_, index) => ({ here: `/changes/${index}`, there: '/changes/0' }),
    });
  }

  private async write(item: ProductOperationDto, actor: Actor): Promise<Done> {
    onlyOneOf(item, KINDS);
    if (item.create) return { status: 201, id: (await this.products.create(item.create, actor)).id };
    if (item.update) {
      const { id, version = null, ...input } = item.update;
      await this.products.update(id, input, version, actor);
      return { status: 200, id };
    }
    const { id = '', version = null } = item.delete ?? {};
    await this.products.archive(id, version, actor);
    return { status: 204, id };
  }
}
