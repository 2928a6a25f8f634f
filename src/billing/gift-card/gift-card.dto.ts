import {
  BookedMoney,
  BookedMoneyDto,
  Email,
  Instant,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import type { GiftCard, GiftCardEntry } from './gift-card.repository.js';

const STATES = ['active', 'spent', 'canceled'] as const;
const unset = { optional: true, nullable: true } as const;

export class GiftCardParams {
  @Uuid()
  id: string;
}

export class GiftCardDto {
  @Uuid()
  id: string;

  @Text({ max: 4, example: '7QXA', description: 'The end of its code; nobody here knows the rest.' })
  last4: string;

  @OneOf(STATES)
  state: string;

  @MoneyField({ description: 'What it was issued with.' })
  initial: MoneyDto;

  @MoneyField()
  balance: MoneyDto;

  @Uuid({ nullable: true, description: 'The order that bought it; null for one that was given.' })
  orderId: string | null;

  @Uuid({ nullable: true })
  orderLineId: string | null;

  @Text({ max: 300, nullable: true, description: 'Why it was given.' })
  reason: string | null;

  @Email({ nullable: true, description: 'Null when it was erased.' })
  recipientEmail: string | null;

  @Instant({ nullable: true, description: 'When its letter is sent; null: at once.' })
  sendAt: string | null;

  @Instant()
  createdAt: string;

  static from(card: GiftCard): GiftCardDto {
    const money = (amount: string) => Money.of(BigInt(amount), card.currency).toJSON();
    const { id, last4, state, orderId, orderLineId, reason, recipientEmail } = card;
    return {
      ...{ id, last4, state, initial: money(card.initial), balance: money(card.balance) },
      ...{ orderId, orderLineId, reason, recipientEmail },
      sendAt: card.sendAt?.toISOString() ?? null,
      createdAt: card.createdAt.toISOString(),
    };
  }
}

export class GiftCardEntryDto {
  @Uuid()
  id: string;

  @OneOf(['issued', 'redeemed', 'given_back', 'canceled'])
  kind: string;

  @Nested(() => SignedMoneyDto, { description: 'What the balance changed by.' })
  amount: SignedMoneyDto;

  @Uuid({ nullable: true, description: 'The order that it was spent on.' })
  orderId: string | null;

  @Instant()
  at: string;
}

export class GiftCardDetailDto extends GiftCardDto {
  @ListOf(() => GiftCardEntryDto, {
    max: 10_000,
    description: 'The oldest first; they add up to the balance.',
  })
  entries: GiftCardEntryDto[];

  static detail(card: GiftCard, entries: readonly GiftCardEntry[]): GiftCardDetailDto {
    return {
      ...GiftCardDto.from(card),
      entries: entries.map(({ id, kind, amount, reference, at }) => ({
        id,
        kind,
        amount: { amount: Number(amount), currency: card.currency },
        orderId: reference,
        at: at.toISOString(),
      })),
    };
  }
}

export class GiftCardQuery extends PageQuery {
  @Text({ max: 4, optional: true, example: '7QXA' })
  last4?: string;

  @OneOf(STATES, { optional: true })
  state?: string;

  @Uuid({ optional: true })
  orderId?: string;
}

export class IssueGiftCardDto {
  @BookedMoney()
  amount: BookedMoneyDto;

  @Email({ description: 'Who gets the letter with the code.' })
  recipientEmail: string;

  @Text({ max: 100, ...unset, example: 'Ada' })
  recipientName?: string | null;

  @Text({ max: 500, ...unset, example: 'Sorry for the wait.' })
  message?: string | null;

  @Text({ max: 300, example: 'The parcel was lost' })
  reason: string;
}

export class CancelGiftCardDto {
  @Text({ max: 300, example: 'The letter went to somebody else' })
  reason: string;
}

export class GiftCardCodeDto {
  @Text({ max: 60, example: '7K3M-0QXA-9VTR-2B4C-HW5N', description: 'However it is typed.' })
  code: string;
}

export class GiftCardBalanceDto {
  @Text({ max: 4, example: 'HW5N' })
  last4: string;

  @OneOf(STATES)
  state: string;

  @MoneyField()
  balance: MoneyDto;
}
