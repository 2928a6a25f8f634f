import { CurrencyCode, Instant, Integer, Text, Uuid } from '../../platform/http/fields.js';
import { linkHint, LINK_TEMPLATE } from '../export/export.dto.js';

export class CreateFeedDto {
  @Text({ max: 120, example: 'Google Merchant, Germany' })
  name: string;

  @CurrencyCode({ optional: true, description: 'Of the prices; that of the shop when left out.' })
  currency?: string;

  @Text({
    max: 500,
    pattern: LINK_TEMPLATE,
    patternHint: linkHint,
    description: 'Page of a product in your shop.',
    example: 'https://shop.example/products/{handle}?variant={sku}',
  })
  linkTemplate: string;
}

export class FeedDto {
  @Uuid()
  id: string;

  @Text({ max: 120, example: 'Google Merchant, Germany' })
  name: string;

  @CurrencyCode()
  currency: string;

  @Text({ max: 500 })
  linkTemplate: string;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Items in the present file.' })
  itemCount: number;

  @Instant({ nullable: true, description: 'Of when the present file is; null before there is one.' })
  refreshedAt: string | null;

  @Instant()
  createdAt: string;
}

export class FeedAddressDto extends FeedDto {
  @Text({
    max: 1000,
    description: 'Where it is fetched. Shown this once: whoever has it can read the feed.',
    example: 'https://api.shop.example/v1/feeds/merchant/kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
  })
  url: string;
}

export class FeedParams {
  @Text({ min: 43, max: 43, pattern: /^[\w-]+$/, example: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p' })
  token: string;
}
