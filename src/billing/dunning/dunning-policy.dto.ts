import {
  Bool,
  Instant,
  Integer,
  IntegerList,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { END_POLICIES, type EndPolicy } from '../subscription/lifecycle.js';
import type { DunningPolicy } from './dunning-policy.js';
import type { Course, Simulated } from './simulation.js';

const days = (description: string, example: number) => ({ min: 0, max: 365, description, example });
const RETRIES = {
  ...{ min: 1, max: 120, most: 12, example: [1, 4, 9, 16] },
  description: 'Days after the first failure on which it is tried again, rising.',
};
const END =
  'What becomes of the subscription when the last attempt has failed: `cancel`, `unpaid` (no more invoices until it is paid), or ' +
  '`leave_past_due`.';
const RESTRICT = 'Days after the day of the oldest unpaid invoice from which use is restricted.';
const BLOCK = 'Days after that day from which nothing may be used.';
const CANCEL =
  'Days after that day on which the subscription ends, whatever is still to be tried. Null: never.';

export class DunningPolicyParams {
  @Uuid()
  id: string;
}

export class CreateDunningPolicyDto {
  @Text({ max: 100, example: 'Patient' })
  name: string;

  @IntegerList(RETRIES)
  retryDays: number[];

  @OneOf(END_POLICIES, { description: END, example: 'unpaid' })
  endAction: EndPolicy;

  @Integer(days(RESTRICT, 10))
  restrictAfterDays: number;

  @Integer(days(BLOCK, 14))
  blockAfterDays: number;

  @Integer({ ...days(CANCEL, 21), optional: true, nullable: true })
  cancelAfterDays?: number | null;
}

export class UpdateDunningPolicyDto {
  @Text({ max: 100, optional: true })
  name?: string;

  @IntegerList({ ...RETRIES, optional: true })
  retryDays?: number[];

  @OneOf(END_POLICIES, { description: END, optional: true })
  endAction?: EndPolicy;

  @Integer({ ...days(RESTRICT, 10), optional: true })
  restrictAfterDays?: number;

  @Integer({ ...days(BLOCK, 14), optional: true })
  blockAfterDays?: number;

  @Integer({ ...days(CANCEL, 21), optional: true, nullable: true })
  cancelAfterDays?: number | null;

  @Bool({
    optional: true,
    example: true,
    description: 'True makes it the default: collections begin with it from now on. There is always one.',
  })
  isDefault?: boolean;
}

export class DunningPolicyDto {
  @Uuid()
  id: string;

  @Text({ max: 100, example: 'Standard' })
  name: string;

  @IntegerList(RETRIES)
  retryDays: number[];

  @OneOf(END_POLICIES, { description: END, example: 'cancel' })
  endAction: EndPolicy;

  @Integer(days(RESTRICT, 10))
  restrictAfterDays: number;

  @Integer(days(BLOCK, 14))
  blockAfterDays: number;

  @Integer({ ...days(CANCEL, 21), nullable: true })
  cancelAfterDays: number | null;

  @Bool({ description: 'Collections begin with it.' })
  isDefault: boolean;

  @Integer({ min: 1, max: 1_000_000_000 })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;

  static from({ retryDays, createdAt, updatedAt, ...policy }: DunningPolicy): DunningPolicyDto {
    return {
      ...policy,
      retryDays: [...retryDays],
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

export class DunningPoliciesDto {
  @ListOf(() => DunningPolicyDto, { max: 1000 })
  items: DunningPolicyDto[];
}

export class SimulateDunningDto {
  @Instant({
    optional: true,
    description: 'Collections that first failed from then on; left out: within the last 180 days.',
  })
  from?: string;

  @Instant({ optional: true, description: 'And before then; left out: now.' })
  to?: string;

  @MoneyField({
    optional: true,
    description: 'What a declined attempt costs; left out: no fees are counted.',
  })
  attemptFee?: MoneyDto;
}

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

export class DunningCourseDto {
  @Integer({
    ...COUNT,
    example: 212,
    description: 'After the first failure, without what customers tried by links.',
  })
  attempts: number;

  @Integer({ ...COUNT, example: 71, description: 'Collections whose money came.' })
  recovered: number;

  @Integer({
    ...COUNT,
    example: 12,
    description: 'Of these, by what the customer did: a link, another method, a transfer.',
  })
  byCustomer: number;

  @ListOf(() => MoneyDto, { max: 200, description: 'What came, by currency.' })
  recoveredAmounts: MoneyDto[];

  @Integer({
    ...COUNT,
    nullable: true,
    example: 5,
    description: 'Days until it came, on average, rounded; null: none came.',
  })
  averageDays: number | null;

  static from({ attempts, recovered, byCustomer, amounts, days: sum }: Course): DunningCourseDto {
    return {
      ...{ attempts, recovered, byCustomer },
      recoveredAmounts: [...amounts.values()].map((amount) => amount.toJSON()),
      averageDays: recovered === 0 ? null : Math.round(sum / recovered),
    };
  }
}

export class DunningSimulationDto {
  @Integer({
    ...COUNT,
    example: 96,
    description: 'Collections in the time that failed at least once and are over.',
  })
  collections: number;

  @Nested(() => DunningCourseDto, { description: 'How it went.' })
  actual: DunningCourseDto;

  @Nested(() => DunningCourseDto, { description: 'How it would have gone by this policy, for certain.' })
  predicted: DunningCourseDto;

  @Integer({
    ...COUNT,
    example: 18,
    description: 'Attempts on days of which nobody knows whether the money was there; counted as failed.',
  })
  undecidedAttempts: number;

  @Integer({
    ...COUNT,
    example: 40,
    description: 'Attempts of a plain list of these days that no rule allows, and that are not made.',
  })
  avoidedAttempts: number;

  @MoneyField({ nullable: true, description: 'What those would have cost. Null without `attemptFee`.' })
  feesAvoided: MoneyDto | null;

  @Bool({ description: 'Whether there were more than could be looked at (20,000): the newest were.' })
  isPartial: boolean;

  static from(
    { collections, actual, predicted, undecided, avoided }: Simulated,
    feesAvoided: MoneyDto | null,
    isPartial: boolean,
  ): DunningSimulationDto {
    return {
      collections,
      actual: DunningCourseDto.from(actual),
      predicted: DunningCourseDto.from(predicted),
      undecidedAttempts: undecided,
      avoidedAttempts: avoided,
      feesAvoided,
      isPartial,
    };
  }
}
