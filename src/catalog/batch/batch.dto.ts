import { Integer, ListOfAny, Nested, Uuid } from '../../platform/http/fields.js';
import { BatchDto, MOST_IN_BATCH } from '../../platform/http/batches.js';
import { SetPriceDto } from '../price/price.dto.js';
import { CreateProductDto, UpdateProductDto } from '../product/admin-product.dto.js';
import { StockChangeDto } from '../stock/stock.dto.js';

const VERSION = {
  min: 1,
  max: 2 ** 31 - 1,
  optional: true,
  description: 'As `If-Match`: 412 when it is another.',
};

export class BatchUpdateProductDto extends UpdateProductDto {
  @Uuid()
  id: string;

  @Integer(VERSION)
  version?: number;
}

export class BatchDeleteProductDto {
  @Uuid()
  id: string;

  @Integer(VERSION)
  version?: number;
}

/** Exactly one of them. */
export class ProductOperationDto {
  @Nested(() => CreateProductDto, {
    optional: true,
    description: 'As the body of `POST /v1/admin/products`.',
  })
  create?: CreateProductDto;

  @Nested(() => BatchUpdateProductDto, { optional: true, description: 'As `PATCH /v1/admin/products/{id}`.' })
  update?: BatchUpdateProductDto;

  @Nested(() => BatchDeleteProductDto, { optional: true, description: 'Archives, as `DELETE` does.' })
  delete?: BatchDeleteProductDto;
}

export class ProductBatchDto extends BatchDto {
  @ListOfAny(() => ProductOperationDto, { min: 1, max: MOST_IN_BATCH })
  operations: unknown[];
}

export class PriceBatchDto extends BatchDto {
  @ListOfAny(() => SetPriceDto, { min: 1, max: MOST_IN_BATCH })
  prices: unknown[];
}

export class StockBatchDto extends BatchDto {
  @ListOfAny(() => StockChangeDto, { min: 1, max: MOST_IN_BATCH })
  changes: unknown[];
}
