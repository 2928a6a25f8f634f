import { Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';

export const DOWNLOAD_STATES = ['ready', 'waiting', 'used_up', 'over', 'stopped'] as const;

export class DownloadParams {
  @Uuid()
  id: string;
}

export class DownloadLinkParams {
  @Text({ max: 200, pattern: /^[\w-]+$/, example: 'AZ9f3kQ' })
  token: string;
}

export class OrderDownloadDto {
  @Uuid()
  lineId: string;

  @Uuid()
  fileId: string;

  @Text({ max: 500, description: 'What was bought.' })
  title: string;

  @Text({ max: 150, example: 'the-weaving-book.epub' })
  name: string;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  bytes: number;

  @OneOf(DOWNLOAD_STATES, {
    description:
      '`waiting` for the payment, `used_up` and `over` when it was downloaded often or long enough, `stopped` with an order ' +
      'that is canceled or refunded.',
  })
  state: string;

  @Text({
    max: 300,
    nullable: true,
    example: '/v1/downloads/AZ9f3kQ',
    description: 'Where it is downloaded, for whoever holds the order; null unless it is `ready`.',
  })
  url: string | null;

  @Instant({ nullable: true, description: 'When `url` ends; ask again for another one.' })
  urlExpiresAt: string | null;

  @Integer({ min: 0, max: 10_000, nullable: true, description: 'Null: as often as you like.' })
  downloadsLeft: number | null;

  @Instant({ nullable: true, description: 'Null: for good.' })
  availableUntil: string | null;
}

export class OrderDownloadsDto {
  @ListOf(() => OrderDownloadDto, { max: 5_000 })
  items: OrderDownloadDto[];
}
