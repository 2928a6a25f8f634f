import { Instant, Integer, Text, Uuid, UuidList } from '../../platform/http/fields.js';

/** Products that can be pinned to one query, and hidden from it. */
const MOST = 50;
const AN_ID = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
const QUERY = 'What shoppers search for. The order of the words, case, accents and endings do not matter.';

export class CreateSearchPinDto {
  @Text({ max: 200, example: 'garden chair', description: QUERY })
  query: string;

  @UuidList({ max: MOST, example: [AN_ID], description: 'Come first, in this order.' })
  productIds: string[];

  @UuidList({ max: MOST, optional: true, description: 'Are not found.' })
  hiddenIds?: string[];

  @Instant({ optional: true, nullable: true, description: 'From here on; null: at once.' })
  startsAt?: string | null;

  @Instant({
    optional: true,
    nullable: true,
    example: '2027-11-30T23:00:00.000Z',
    description: 'Until here; null: for good.',
  })
  endsAt?: string | null;
}

export class UpdateSearchPinDto {
  @Text({ max: 200, optional: true, description: QUERY })
  query?: string;

  @UuidList({ max: MOST, optional: true, description: 'Come first, in this order; all of them.' })
  productIds?: string[];

  @UuidList({ max: MOST, optional: true, description: 'Are not found; all of them.' })
  hiddenIds?: string[];

  @Instant({ optional: true, nullable: true })
  startsAt?: string | null;

  @Instant({ optional: true, nullable: true })
  endsAt?: string | null;
}

export class SearchPinDto {
  @Uuid()
  id: string;

  @Text({ max: 200, example: 'garden chair' })
  query: string;

  @UuidList({ max: MOST })
  productIds: string[];

  @UuidList({ max: MOST })
  hiddenIds: string[];

  @Instant({ nullable: true })
  startsAt: string | null;

  @Instant({ nullable: true })
  endsAt: string | null;

  @Integer({ min: 1, max: 2_147_483_647, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}
