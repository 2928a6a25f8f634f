import {
  Bool,
  CurrencyCode,
  Email,
  Instant,
  Integer,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';

const STATES = ['active', 'ordered', 'merged'] as const;

export class CartListQuery extends PageQuery {
  @Bool({
    optional: true,
    description: 'Active, with something in it, and untouched for as long as the first letter waits.',
  })
  abandoned?: boolean;

  @OneOf(STATES, { optional: true })
  state?: string;

  @Uuid({ optional: true })
  customerId?: string;

  @Bool({ optional: true, description: 'True: of nobody’s account.' })
  guest?: boolean;

  @Email({ optional: true })
  email?: string;

  @Nested(() => InstantRange, { optional: true, description: 'updatedAt[gte]=…&updatedAt[lte]=…' })
  updatedAt?: InstantRange;
}

/** A cart on a list. */
export class CartSummaryDto {
  @Uuid()
  id: string;

  @OneOf(STATES, { description: '`merged`: its lines went into the cart of the customer who signed in.' })
  state: string;

  @Uuid({ nullable: true })
  customerId: string | null;

  @Email({ nullable: true })
  email: string | null;

  @CurrencyCode()
  currency: string;

  @Integer({ min: 0, max: 100 })
  lines: number;

  @Integer({ min: 0, max: 100_000, description: 'Pieces in all.' })
  quantity: number;

  @Bool()
  abandoned: boolean;

  @Bool({ description: 'The shopper has agreed to be reminded of it.' })
  remindMe: boolean;

  @Integer({ min: 0, max: 10, description: 'Letters about it so far.' })
  reminders: number;

  @Instant()
  createdAt: string;

  @Instant({ description: 'Its last change.' })
  updatedAt: string;
}

export class StopRemindersDto {
  @Text({
    max: 200,
    description: 'From the link in a letter (`stop`).',
    example: 'cr_01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
  })
  token: string;
}
