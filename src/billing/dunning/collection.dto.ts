import {
  Instant,
  Integer,
  IntegerList,
  ListOf,
  MoneyDto,
  MoneyField,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { END_POLICIES, type EndPolicy } from '../subscription/lifecycle.js';
import type { Attempt } from './collection-attempt.repository.js';
import {
  ATTEMPT_KINDS,
  ATTEMPT_OUTCOMES,
  type AttemptKind,
  type AttemptOutcome,
  COLLECTION_STATES,
  type CollectionState,
} from './collection.entity.js';
import type { Collecting } from './collection.repository.js';

const COUNT = { min: 0, max: 1000 };

export class InvoiceCollectionParams {
  @Uuid({ description: 'Of the invoice.' })
  invoiceId: string;
}

export class InvoiceCollectionQuery extends PageQuery {
  @OneOf(COLLECTION_STATES, { optional: true })
  state?: CollectionState;

  @Uuid({ optional: true })
  customerId?: string;

  @Uuid({ optional: true })
  subscriptionId?: string;
}

export class InvoiceCollectionSummaryDto {
  @Uuid()
  invoiceId: string;

  @Text({ max: 60, nullable: true, example: '2026-000001' })
  invoiceNumber: string | null;

  @Uuid({ nullable: true })
  subscriptionId: string | null;

  @Uuid({ nullable: true, description: 'Null: erased.' })
  customerId: string | null;

  @OneOf(COLLECTION_STATES, {
    example: 'collecting',
    description: '`ended`: the last attempt has failed; `stopped`: nobody expects the money any more.',
  })
  state: CollectionState;

  @MoneyField({ description: 'What is still to be paid.' })
  due: MoneyDto;

  @Uuid({ nullable: true, description: 'The policy that it began with.' })
  policyId: string;

  @IntegerList({
    min: 1,
    max: 120,
    most: 12,
    description: 'Its schedule: days after the first failure.',
    example: [1, 4, 9, 16],
  })
  retryDays: number[];

  @OneOf(END_POLICIES, { example: 'cancel' })
  endAction: EndPolicy;

  @Integer({
    ...COUNT,
    example: 1,
    description: 'How many attempts of the schedule have failed, the first one included.',
  })
  failures: number;

  @Text({
    max: 100,
    nullable: true,
    example: 'insufficient_funds',
    description: 'Why the last attempt failed, or was not made.',
  })
  code: string | null;

  @Instant({ nullable: true })
  firstFailedAt: string | null;

  @Instant({ nullable: true, description: 'When it is tried again; null: not by itself.' })
  nextAt: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true, example: null })
  endedAt: string | null;

  static summary({ collection, due, number }: Collecting): InvoiceCollectionSummaryDto {
    const { invoiceId, subscriptionId, customerId, state, policyId, endAction, step, code } = collection;
    return {
      ...{ invoiceId, invoiceNumber: number, subscriptionId, customerId, state, due: due.toJSON(), policyId },
      ...{ retryDays: [...collection.retryDays], endAction, failures: step, code },
      firstFailedAt: collection.firstFailedAt?.toISOString() ?? null,
      nextAt: collection.nextAt?.toISOString() ?? null,
      createdAt: collection.createdAt.toISOString(),
      endedAt: collection.endedAt?.toISOString() ?? null,
    };
  }
}

export class InvoiceCollectionAttemptDto {
  @Uuid()
  id: string;

  @OneOf(ATTEMPT_KINDS, {
    example: 'scheduled',
    description:
      'Only those that are `scheduled` move the schedule on. `new_method`: the customer has kept another one; `manual`: staff ' +
      'wanted it; `link`: the customer, by a link or signed in.',
  })
  kind: AttemptKind;

  @OneOf(ATTEMPT_OUTCOMES, {
    nullable: true,
    example: 'declined',
    description:
      '`needs_customer`: the bank wants its owner; `errored`: the gateway was not there, and nothing is used up; `skipped`: nothing ' +
      'could have come of it (`code`), so nobody was asked; `superseded`: another one took its place. Null: not known yet.',
  })
  outcome: AttemptOutcome | null;

  @Text({ max: 100, nullable: true, example: 'insufficient_funds' })
  code: string | null;

  @Text({
    max: 20,
    nullable: true,
    example: 'retry',
    description: 'What the gateway advises after a decline.',
  })
  advice: string | null;

  @MoneyField()
  amount: MoneyDto;

  @Uuid({ nullable: true })
  methodId: string | null;

  @Uuid({ nullable: true, description: 'Of its payment. Null: nothing was sent.' })
  operationId: string | null;

  @Instant()
  at: string;

  static from({
    invoiceId: _,
    step: __,
    decidedAt: ___,
    amount,
    at,
    ...attempt
  }: Attempt): InvoiceCollectionAttemptDto {
    return { ...attempt, amount: amount.toJSON(), at: at.toISOString() };
  }
}

export class InvoiceCollectionDto extends InvoiceCollectionSummaryDto {
  @ListOf(() => InvoiceCollectionAttemptDto, { max: 1000, description: 'The oldest first.' })
  attempts: InvoiceCollectionAttemptDto[];

  @Text({
    max: 50,
    nullable: true,
    example: null,
    description: 'Why the method is not charged again by itself; null: it may be.',
  })
  bar: string | null;

  static from(
    collecting: Collecting,
    attempts: readonly Attempt[],
    bar: string | null,
  ): InvoiceCollectionDto {
    return {
      ...InvoiceCollectionSummaryDto.summary(collecting),
      attempts: attempts.map((each) => InvoiceCollectionAttemptDto.from(each)),
      bar,
    };
  }
}

export class InvoiceLinkDto {
  @Url({ description: 'A page of the shop, with the token of the link; told only here.' })
  url: string;
}
