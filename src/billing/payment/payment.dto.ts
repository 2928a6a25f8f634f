import { Money } from '../../platform/money/money.js';
import {
  Bool,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import type { Operation } from './operation.entity.js';
import type { LateCharge } from './payment.rows.js';
import {
  type Payment,
  PAYMENT_KINDS,
  PAYMENT_PURPOSES,
  PAYMENT_STATUSES,
  type PaymentKind,
  type PaymentPurpose,
  type PaymentStatus,
} from './payment.entity.js';

export class NextActionDto {
  @OneOf(['redirect'])
  type: 'redirect';

  @Url({
    description: 'Send the shopper here, then confirm the payment.',
    example: 'https://bank.example.test/challenge/4',
  })
  url: string;
}

export class PaymentDto {
  @Uuid()
  id: string;

  @Uuid({ nullable: true, description: 'Null where an invoice is paid.' })
  orderId: string | null;

  @Uuid({ nullable: true, description: 'The invoice that is paid, where it is no order.', example: null })
  invoiceId: string | null;

  @OneOf(PAYMENT_STATUSES, { example: 'captured' })
  status: PaymentStatus;

  @OneOf(PAYMENT_KINDS, {
    example: 'card',
    description: 'What pays: a `card`, or whatever else the gateway takes; a gift card; store credit.',
  })
  kind: PaymentKind;

  @OneOf(PAYMENT_PURPOSES, {
    example: 'order',
    description: '`extra`: a further amount, asked for after the order was paid.',
  })
  purpose: PaymentPurpose;

  @Text({ max: 4, nullable: true, description: 'The end of the code of a gift card.', example: null })
  last4: string | null;

  @MoneyField({ description: 'What is owed, frozen when the payment was opened.' })
  amount: MoneyDto;

  @MoneyField({ description: 'What the gateway took for us.' })
  captured: MoneyDto;

  @MoneyField({ description: 'What went back to the shopper.' })
  refunded: MoneyDto;

  @Text({ max: 100, nullable: true, description: 'Why the last attempt failed.', example: null })
  declineCode: string | null;

  @Nested(() => NextActionDto, { nullable: true })
  nextAction: NextActionDto | null;

  @Instant()
  createdAt: string;

  static from(payment: Payment): PaymentDto {
    const { id, orderId, invoiceId, status, kind, purpose, last4, declineCode, nextActionUrl } = payment;
    return {
      ...{ id, orderId, invoiceId, status, kind, purpose, last4 },
      amount: payment.amount.toJSON(),
      captured: payment.captured.toJSON(),
      refunded: payment.refunded.toJSON(),
      declineCode,
      nextAction: nextActionUrl === null ? null : { type: 'redirect', url: nextActionUrl },
      createdAt: payment.createdAt.toISOString(),
    };
  }
}

export class OperationDto {
  @Uuid()
  id: string;

  @OneOf(['authorize', 'capture', 'void', 'refund'])
  kind: string;

  @OneOf(['created', 'succeeded', 'failed', 'errored', 'pending', 'unknown'])
  status: string;

  @Integer({ min: 1, max: 1000, example: 1 })
  attempt: number;

  @MoneyField()
  amount: MoneyDto;

  @Text({ max: 200, nullable: true, description: 'The reference of the charge at the gateway.' })
  gatewayRef: string | null;

  @Text({
    max: 200,
    nullable: true,
    description: 'Why it failed, or why its outcome is not known.',
    example: null,
  })
  code: string | null;

  @OneOf(['retry', 'new_method', 'authenticate', 'never'], {
    nullable: true,
    example: null,
    description: 'What the gateway advises after a decline.',
  })
  advice: string | null;

  @Instant({ nullable: true, description: 'When the gateway is asked again.', example: null })
  nextCheckAt: string | null;

  @Instant({
    nullable: true,
    description:
      'Since when a person has to look at it: the gateway does not say what became of it. It is asked every day.',
    example: null,
  })
  needsAttentionSince: string | null;

  static from(operation: Operation): OperationDto {
    const { id, kind, status, attempt, amount, gatewayRef, code, advice, nextCheckAt, attentionSince } =
      operation;
    return {
      ...{ id, kind, status, attempt, gatewayRef, code },
      amount: amount.toJSON(),
      advice,
      nextCheckAt: nextCheckAt?.toISOString() ?? null,
      needsAttentionSince: attentionSince?.toISOString() ?? null,
    };
  }
}

/** A payment as staff see it in a list. */
export class AdminPaymentDto extends PaymentDto {
  @Uuid({ nullable: true })
  customerId: string | null;

  @Text({ max: 50, example: 'test', description: '`gift_card` and `store_credit` are the house itself.' })
  gateway: string;

  @Text({ max: 200, nullable: true })
  gatewayRef: string | null;

  @Integer({ min: 1, max: 1000, example: 1 })
  attempts: number;

  @MoneyField({
    description:
      'What may still be refunded: neither refunded, nor given back outside of the shop by a credit note.',
  })
  refundable: MoneyDto;

  @OneOf(['automatic', 'manual'], {
    example: 'automatic',
    description: '`manual`: the money is only held, and staff capture it.',
  })
  capture: string;

  @MoneyField({ description: 'What is held and can still be captured.' })
  capturable: MoneyDto;

  @Instant({
    nullable: true,
    description: 'Until when it can be captured; then it is released.',
    example: null,
  })
  captureBefore: string | null;

  @MoneyField({ description: 'What a bank has taken back and not decided about.' })
  disputed: MoneyDto;

  @MoneyField({ description: 'What was lost in disputes.' })
  disputeLost: MoneyDto;

  @Text({ max: 100, nullable: true, description: 'Why a person must look at it.', example: null })
  reviewReason: string | null;

  @Integer({ min: 1, max: Number.MAX_SAFE_INTEGER, example: 2 })
  version: number;

  static override from(payment: Payment): AdminPaymentDto {
    const { customerId, gateway, gatewayRef, attempts, reviewReason, version } = payment;
    const refundable = payment.refundable.toJSON();
    const zero = Money.zero(payment.amount.currency);
    const capturable = payment.status === 'authorized' ? payment.amount.minus(payment.captureReserved) : zero;
    return {
      ...PaymentDto.from(payment),
      customerId,
      gateway,
      gatewayRef,
      attempts,
      refundable,
      capture: payment.capture,
      capturable: capturable.toJSON(),
      captureBefore: payment.captureBefore?.toISOString() ?? null,
      disputed: payment.disputed.toJSON(),
      disputeLost: payment.disputeLost.toJSON(),
      reviewReason,
      version,
    };
  }
}

export class LateChargeDto {
  @Uuid({ description: 'Name it in `chargeId` of a refund.' })
  id: string;

  @Text({ max: 200, description: 'The reference of the charge at the gateway.' })
  gatewayRef: string;

  @MoneyField({ description: 'What it took, in the currency in which it came.' })
  captured: MoneyDto;

  @MoneyField({ description: 'What went back to the shopper.' })
  refunded: MoneyDto;

  @MoneyField({ description: 'What has neither gone back nor is on its way: above zero, a person must act.' })
  refundable: MoneyDto;

  @Instant()
  createdAt: string;

  static from({ id, gatewayRef, captured, refunded, refundable, createdAt }: LateCharge): LateChargeDto {
    return {
      id,
      gatewayRef,
      captured: captured.toJSON(),
      refunded: refunded.toJSON(),
      refundable: refundable.toJSON(),
      createdAt: createdAt.toISOString(),
    };
  }
}

/** A payment with every call that was made for it. */
export class PaymentDetailDto extends AdminPaymentDto {
  @ListOf(() => LateChargeDto, {
    max: 1000,
    description:
      'Money that came when the payment was canceled or paid otherwise, which goes back by itself, or in another currency, which a person rejects. It counts in no amount above.',
  })
  lateCharges: LateChargeDto[];

  @ListOf(() => OperationDto, { max: 1000 })
  operations: OperationDto[];
}

export class CapturePaymentDto {
  @MoneyField({
    optional: true,
    description: 'Above zero and at most what is capturable. Send this or `full`.',
  })
  amount?: MoneyDto;

  @Bool({ optional: true, description: 'Everything that is left. Send this or `amount`.', example: true })
  full?: boolean;

  @Bool({
    optional: true,
    example: false,
    description: 'Whether it is the last one: what stays uncaptured is released.',
  })
  final?: boolean;
}

export class ReviewPaymentDto {
  @OneOf(['accept', 'reject'], {
    example: 'reject',
    description:
      '`accept` takes what came as payment of the order; `reject` ends the payment and sends the money back.',
  })
  decision: 'accept' | 'reject';
}

export class OperationParams {
  @Uuid()
  id: string;

  @Uuid()
  operationId: string;
}

export class PaymentQuery extends PageQuery {
  @Bool({ optional: true, description: 'Those with a call that a person has to look at.' })
  needsAttention?: boolean;

  @Uuid({ optional: true })
  orderId?: string;

  @Uuid({ optional: true })
  customerId?: string;

  @OneOf(PAYMENT_STATUSES, { optional: true })
  status?: PaymentStatus;

  @CurrencyCode({ optional: true })
  currency?: string;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;
}
