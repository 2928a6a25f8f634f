import {
  CurrencyCode,
  Instant,
  Integer,
  OneOf,
  Text,
  TextList,
  Uuid,
  type FieldOptions,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const CODE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const PRIORITY = 1_000_000;
const SETTABLE = ['draft', 'active'] as const;
const STATUSES = [...SETTABLE, 'archived'] as const;
export type PriceListStatus = (typeof STATUSES)[number];

const Groups = (options: FieldOptions) =>
  TextList({
    min: 1,
    max: 100,
    maxLength: 60,
    nullable: true,
    example: ['wholesale'],
    description: 'Codes of the customer groups that it is for; null: everybody.',
    ...options,
  });
const ValidFrom = (options: FieldOptions) =>
  Instant({ nullable: true, description: 'From this moment on; null: at once.', ...options });
const ValidUntil = (options: FieldOptions) =>
  Instant({
    nullable: true,
    description: 'Up to this moment; null: for good.',
    example: '2026-11-30T23:00:00.000Z',
    ...options,
  });
const Priority = (options: FieldOptions) =>
  Integer({
    min: -PRIORITY,
    max: PRIORITY,
    example: 10,
    description: 'Of several lists that apply, the highest wins; among equals, the lowest price.',
    ...options,
  });

export class PriceListParams {
  @Uuid()
  id: string;
}

export class PriceListQuery extends PageQuery {
  @OneOf(STATUSES, { optional: true, description: 'All but `archived` when left out.' })
  status?: PriceListStatus;

  @CurrencyCode({ optional: true })
  currency?: string;

  @Text({ max: 60, optional: true, description: 'Code of a customer group that the list names.' })
  group?: string;
}

export class PriceListDto {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'black-friday' })
  code: string;

  @Text({ max: 100, example: 'Black Friday' })
  title: string;

  @CurrencyCode()
  currency: string;

  @Groups({})
  groups: string[] | null;

  @ValidFrom({})
  validFrom: string | null;

  @ValidUntil({})
  validUntil: string | null;

  @Priority({})
  priority: number;

  @OneOf(STATUSES, { description: 'Only an `active` list has a say, and only within its window.' })
  status: PriceListStatus;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  version: number;

  @Instant()
  createdAt: string;
}

export class CreatePriceListDto {
  @Text({
    max: 60,
    pattern: CODE,
    patternHint: 'must be small letters, digits and hyphens, such as black-friday',
    example: 'black-friday',
  })
  code: string;

  @Text({ max: 100, example: 'Black Friday' })
  title: string;

  @CurrencyCode({ description: 'Of all its prices; stays.' })
  currency: string;

  @Groups({ optional: true })
  groups?: string[] | null;

  @ValidFrom({ optional: true })
  validFrom?: string | null;

  @ValidUntil({ optional: true })
  validUntil?: string | null;

  @Priority({ optional: true })
  priority?: number;

  @OneOf(SETTABLE, { optional: true, description: '`draft` when left out.' })
  status?: 'draft' | 'active';
}

export class UpdatePriceListDto {
  @Text({ max: 100, optional: true, example: 'Black week' })
  title?: string;

  @Groups({ optional: true })
  groups?: string[] | null;

  @ValidFrom({ optional: true })
  validFrom?: string | null;

  @ValidUntil({ optional: true })
  validUntil?: string | null;

  @Priority({ optional: true })
  priority?: number;

  @OneOf(SETTABLE, { optional: true })
  status?: 'draft' | 'active';
}
