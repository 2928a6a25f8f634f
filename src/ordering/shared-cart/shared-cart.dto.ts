import {
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { CartParams } from '../cart/cart.dto.js';
import { MAX_LINES, MAX_QUANTITY } from '../cart/cart.js';
import { AVAILABILITIES } from '../cart/shelf.js';

const TOKEN = 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p';

export class ShareParams extends CartParams {
  @Uuid()
  shareId: string;
}

export class ShareCartDto {
  @Integer({ min: 1, max: 365, default: 30, optional: true, description: 'Until the link ends.' })
  days?: number;
}

export class SharedCartInput {
  @Text({ max: 200, description: 'From the link (`token`).', example: TOKEN })
  token: string;
}

export class CartShareDto {
  @Uuid()
  id: string;

  @Instant()
  createdAt: string;

  @Instant({ description: 'Then it shows nothing any more.' })
  expiresAt: string;
}

export class NewCartShareDto extends CartShareDto {
  @Text({ max: 200, description: 'What the link holds, told only here, for `POST /v1/shared-carts/view`.' })
  token: string;

  @Url({ description: 'A page of the shop for it.' })
  url: string;
}

export class CartSharesDto {
  @ListOf(() => CartShareDto, { max: 20 })
  items: CartShareDto[];

  @Text({ max: 1, nullable: true })
  nextCursor: string | null;
}

export class SharedCartLineDto {
  @Uuid()
  variantId: string;

  @Uuid()
  productId: string;

  @Text({ max: 500 })
  title: string;

  @Text({ max: 100 })
  sku: string;

  @Integer({ min: 1, max: MAX_QUANTITY })
  quantity: number;

  @MoneyField({ nullable: true, description: 'For one piece, now; null: it is not for sale.' })
  unitPrice: MoneyDto | null;

  @OneOf(AVAILABILITIES)
  availability: string;

  @Integer({ min: 0, max: MAX_QUANTITY, description: 'Pieces that could be had now.' })
  obtainable: number;
}

export class SharedCartDto {
  @CurrencyCode()
  currency: string;

  @Instant()
  expiresAt: string;

  @ListOf(() => SharedCartLineDto, { max: MAX_LINES })
  lines: SharedCartLineDto[];
}
