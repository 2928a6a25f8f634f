import {
  Dictionary,
  Instant,
  Integer,
  Nested,
  OneOf,
  SignedMoneyDto,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { isCurrency } from '../../platform/money/currencies.js';
import { Money } from '../../platform/money/money.js';
import { type CaseRow, RESOLUTIONS } from './case.repository.js';
import type { RunRow } from './run.repository.js';
import { CASE_KINDS, type KeptLine, LINE_STATUSES } from './settlement.js';

const LINE_KINDS = ['charge', 'refund', 'fee', 'dispute', 'dispute_fee', 'payout', 'other'] as const;
const MEANINGS =
  '`missing_here`: the gateway tells of what the books do not have; `missing_there`: the books have what the gateway does not ' +
  'tell of, a day later; `amount_diff`: both have it, with other amounts, or a payout is not what its lines come to; ' +
  '`fee_unbooked`: the fee of a dispute that nobody here has heard of, or one that cannot be counted (`told`); ' +
  '`duplicate`: the gateway tells of one movement twice.';
const TOLD =
  'What the gateway said, word for word, where it is no whole amount of the currency, or of a currency that is not in ISO 4217: ' +
  'amounts are cut to whole ones, or null, and nothing of it is booked by itself.';
const signed = (units: bigint | string | null, currency: string) =>
  units === null || !isCurrency(currency) ? null : Money.of(BigInt(units), currency).toJSON();

export class SettlementLineQuery extends PageQuery {
  @OneOf(LINE_STATUSES, { optional: true })
  status?: string;

  @OneOf(LINE_KINDS, { optional: true })
  kind?: string;

  @Uuid({ optional: true })
  operationId?: string;

  @Text({ max: 200, optional: true })
  payoutRef?: string;
}

export class SettlementLineDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'test' })
  gateway: string;

  @Text({ max: 200, example: 'txn_4', description: 'What the gateway calls it.' })
  lineId: string;

  @OneOf(LINE_KINDS, { example: 'charge' })
  kind: string;

  @OneOf(LINE_STATUSES, { example: 'matched' })
  status: string;

  @Text({ max: 200, nullable: true, description: 'The charge or the payout, as the gateway calls it.' })
  ref: string | null;

  @Uuid({ nullable: true, description: 'Our call that caused it, where the gateway says.' })
  operationId: string | null;

  @Uuid({ nullable: true, description: 'The posting that is meant.' })
  transactionId: string | null;

  @Nested(() => SignedMoneyDto, {
    nullable: true,
    description: 'Before the fee; + is money that the gateway owes us. Null: no currency of ours (`told`).',
  })
  amount: SignedMoneyDto | null;

  @Nested(() => SignedMoneyDto, { nullable: true, description: 'What the gateway keeps of it.' })
  fee: SignedMoneyDto | null;

  @Text({ max: 200, nullable: true, description: TOLD, example: 'amount 5000.00, fee 70.25 ISK' })
  told: string | null;

  @Instant()
  at: string;

  @Text({ max: 200, nullable: true, description: 'The payout that it went into; null while it waits.' })
  payoutRef: string | null;

  static from({
    id,
    gateway,
    lineId,
    kind,
    status,
    ref,
    operationId,
    transactionId,
    ...line
  }: KeptLine): SettlementLineDto {
    const { amount, fee, currency, told, at, payoutRef } = line;
    return {
      ...{ id, gateway, lineId, kind, status, ref, operationId, transactionId, told, payoutRef },
      amount: signed(amount, currency),
      fee: signed(fee, currency),
      at: at.toISOString(),
    };
  }
}

export class ReconciliationCaseQuery extends PageQuery {
  @OneOf(['open', 'resolved'], { optional: true })
  state?: string;

  @OneOf(CASE_KINDS, { optional: true })
  kind?: string;
}

export class ReconciliationCaseDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'test' })
  gateway: string;

  @OneOf(CASE_KINDS, { example: 'missing_here', description: MEANINGS })
  kind: string;

  @OneOf(['line', 'transaction', 'payout'], {
    example: 'line',
    description: 'A settlement line, a posting, or the line of a payout.',
  })
  subjectType: string;

  @Uuid()
  subjectId: string;

  @Uuid({ nullable: true })
  paymentId: string | null;

  @Text({ max: 200, nullable: true, description: 'The line as the gateway calls it.' })
  lineId: string | null;

  @Text({ max: 200, nullable: true, description: 'The charge or the payout as the gateway calls it.' })
  ref: string | null;

  @Text({ max: 200, nullable: true, description: TOLD, example: null })
  told: string | null;

  @Nested(() => SignedMoneyDto, { nullable: true, description: 'What the books say; null: nothing.' })
  expected: SignedMoneyDto | null;

  @Nested(() => SignedMoneyDto, {
    nullable: true,
    description: 'What the gateway says; null: nothing, or it is told.',
  })
  found: SignedMoneyDto | null;

  @OneOf(['open', 'resolved'], { example: 'open' })
  state: string;

  @OneOf(RESOLUTIONS, {
    nullable: true,
    description:
      '`accepted`: the difference is known and stays; `corrected`: it was put right, here or at the gateway; `settled`: it has gone by itself.',
  })
  resolution: string | null;

  @Text({ max: 500, nullable: true })
  reason: string | null;

  @Text({ max: 200, nullable: true, description: 'Id of the person or the key.' })
  resolvedBy: string | null;

  @Instant({ nullable: true })
  resolvedAt: string | null;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  version: number;

  @Instant()
  createdAt: string;

  static from({ expected, found, currency, resolvedAt, createdAt, ...row }: CaseRow): ReconciliationCaseDto {
    return {
      ...row,
      expected: signed(expected, currency),
      found: signed(found, currency),
      resolvedAt: resolvedAt?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    };
  }
}

export class ResolveCaseDto {
  @OneOf(['accepted', 'corrected'], { example: 'accepted' })
  resolution: string;

  @Text({
    max: 500,
    description: 'Why, for whoever looks at it in a year.',
    example: 'A rounding of the gateway, told by its support',
  })
  reason: string;
}

export class StartReconciliationDto {
  @Instant({
    optional: true,
    example: '2026-11-01T00:00:00Z',
    description: 'Movements from this moment on; left out: 30 days before `to`.',
  })
  from?: string;

  @Instant({
    optional: true,
    example: '2026-11-21T00:00:00Z',
    description: 'Up to and without this moment; left out: now.',
  })
  to?: string;
}

export class ReconciliationRunDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'test' })
  gateway: string;

  @OneOf(['waiting', 'running', 'finished'], { example: 'waiting' })
  state: string;

  @Instant()
  from: string;

  @Instant()
  to: string;

  @Text({ max: 200, nullable: true, description: 'Id of the person or the key; null: every night.' })
  requestedBy: string | null;

  @Dictionary({
    values: 'any',
    example: { told: 120, matched: 119, missing_here: 1, openCases: 1 },
    description: 'Lines that were told, lines of that time by their status, and all open cases.',
  })
  counts: Record<string, number>;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  attempts: number;

  @Text({ max: 500, nullable: true })
  lastError: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  finishedAt: string | null;

  static from({ from, to, createdAt, finishedAt, ...run }: RunRow): ReconciliationRunDto {
    return {
      ...run,
      from: from.toISOString(),
      to: to.toISOString(),
      createdAt: createdAt.toISOString(),
      finishedAt: finishedAt?.toISOString() ?? null,
    };
  }
}
