import {
  BookedMoney,
  BookedMoneyDto,
  CurrencyCode,
  Instant,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedBookedMoneyDto,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import type { Lot, StoreCredit, StoreCreditEntry } from './store-credit.repository.js';

const KINDS = ['issued', 'adjusted', 'refunded', 'spent', 'given_back', 'expired'] as const;

export class StoreCreditParams {
  @Uuid()
  id: string;
}

export class ExpiringCreditDto {
  @MoneyField()
  amount: MoneyDto;

  @Instant({ description: 'Spent before it, or gone.' })
  expiresAt: string;

  static from({ remaining, expiresAt }: Lot, currency: string): ExpiringCreditDto {
    return {
      amount: Money.of(BigInt(remaining), currency).toJSON(),
      expiresAt: expiresAt.toISOString(),
    };
  }
}

export class StoreCreditDto {
  @Uuid()
  id: string;

  @Uuid({ nullable: true, description: 'Null when the customer was erased.' })
  customerId: string | null;

  @MoneyField()
  balance: MoneyDto;

  @Instant()
  createdAt: string;

  static from({ id, customerId, currency, balance, createdAt }: StoreCredit): StoreCreditDto {
    return {
      id,
      customerId,
      balance: Money.of(BigInt(balance), currency).toJSON(),
      createdAt: createdAt.toISOString(),
    };
  }
}

export class StoreCreditDetailDto extends StoreCreditDto {
  @ListOf(() => ExpiringCreditDto, {
    max: 10_000,
    description: 'What of the balance ends one day, the first to end first; it is spent before the rest.',
  })
  expiring: ExpiringCreditDto[];

  static detail(credit: StoreCredit, lots: readonly Lot[]): StoreCreditDetailDto {
    const expiring = lots.map((lot) => ExpiringCreditDto.from(lot, credit.currency));
    return { ...StoreCreditDto.from(credit), expiring };
  }
}

export class MyStoreCreditEntryDto {
  @Uuid()
  id: string;

  @OneOf(KINDS, {
    description:
      '`refunded`: an order was paid otherwise and its money became credit; `given_back`: it was spent and came back.',
  })
  kind: string;

  @Nested(() => SignedMoneyDto, { description: 'What the balance changed by.' })
  amount: SignedMoneyDto;

  @MoneyField({ description: 'What it was afterwards.' })
  balance: MoneyDto;

  @Uuid({ nullable: true, description: 'The order that it was spent on, or came back from.' })
  orderId: string | null;

  @Instant({ nullable: true, description: 'When the last of it ends; null: some of it never does.' })
  expiresAt: string | null;

  @Instant()
  at: string;

  static from(entry: StoreCreditEntry, currency: string): MyStoreCreditEntryDto {
    const { id, kind, orderId } = entry;
    return {
      ...{ id, kind, orderId },
      amount: { amount: Number(entry.amount), currency },
      balance: Money.of(BigInt(entry.balance), currency).toJSON(),
      expiresAt: entry.expiresAt?.toISOString() ?? null,
      at: entry.at.toISOString(),
    };
  }
}

export class StoreCreditEntryDto extends MyStoreCreditEntryDto {
  @Text({ max: 300, nullable: true, description: 'Why it was given or taken back.' })
  reason: string | null;

  @Text({ max: 100, description: 'Id of the person who did it, or `system`.' })
  actor: string;

  static override from(entry: StoreCreditEntry, currency: string): StoreCreditEntryDto {
    const { reason, actor } = entry;
    return { ...MyStoreCreditEntryDto.from(entry, currency), reason, actor };
  }
}

export class MyStoreCreditItemDto {
  @MoneyField()
  balance: MoneyDto;

  @ListOf(() => ExpiringCreditDto, {
    max: 10_000,
    description: 'What of it ends one day; it is spent first.',
  })
  expiring: ExpiringCreditDto[];

  @ListOf(() => MyStoreCreditEntryDto, {
    max: 100,
    description: 'The last hundred changes, the newest first.',
  })
  entries: MyStoreCreditEntryDto[];
}

export class MyStoreCreditDto {
  @ListOf(() => MyStoreCreditItemDto, {
    max: 200,
    description: 'One for each currency; none: there never was any.',
  })
  items: MyStoreCreditItemDto[];
}

export class StoreCreditQuery extends PageQuery {
  @Uuid({ optional: true })
  customerId?: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}

export class IssueStoreCreditDto {
  @Uuid()
  customerId: string;

  @BookedMoney({ description: 'Above zero; the first of a currency opens the credit.' })
  amount: BookedMoneyDto;

  @Text({ max: 300, example: 'The parcel was lost' })
  reason: string;

  @Instant({
    optional: true,
    nullable: true,
    example: '2030-12-31T23:00:00Z',
    description: 'What is left of it ends then; left out: never.',
  })
  expiresAt?: string | null;
}

export class AdjustStoreCreditDto {
  @Nested(() => SignedBookedMoneyDto, {
    example: { amount: -500, currency: 'EUR' },
    description: 'What the balance changes by; below zero it is taken back.',
  })
  amount: SignedBookedMoneyDto;

  @Text({ max: 300, example: 'Given twice by mistake' })
  reason: string;
}
