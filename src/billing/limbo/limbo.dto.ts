import {
  Instant,
  Integer,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { isCurrency } from '../../platform/money/currencies.js';
import { Money } from '../../platform/money/money.js';
import { SCREENING } from '../payment/payment.entity.js';
import { LIMBO_KINDS, type LimboKind, type LimboRow } from './limbo.repository.js';

export class LimboQuery extends PageQuery {
  @OneOf(LIMBO_KINDS, { optional: true })
  kind?: LimboKind;
}

/** The one call that settles it, or that shows how it is settled. */
export class LimboResolutionDto {
  @Text({ max: 100, example: 'retryPaymentOperation', description: '`operationId` in this document.' })
  operationId: string;

  @OneOf(['GET', 'POST'], { example: 'POST' })
  method: string;

  @Text({ max: 500, example: '/v1/admin/payments/01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e/review' })
  path: string;
}

export class LimboDto {
  @OneOf(LIMBO_KINDS, {
    example: 'operation',
    description:
      '`operation`: nobody knows what became of a call; `refund`: it is on its way; `late_charge`: money that nobody owed; ' +
      '`review`: another amount than was owed; `notice`: the gateway tells of something that nobody here knows; `dispute`: a ' +
      'bank has taken it back and not decided; `hold`: it is let go within a day; `unapplied`: no document has taken it for a day, ' +
      'or the house could not send it back; ' +
      '`case`: the gateway and the books do not say the same of it.',
  })
  kind: LimboKind;

  @Text({
    max: 200,
    description: 'Of the thing itself: the call, the refund, the payment, the notice and so on.',
  })
  id: string;

  @Text({ max: 50, nullable: true, example: 'test' })
  gateway: string | null;

  @Uuid({ nullable: true })
  paymentId: string | null;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Uuid({ nullable: true })
  invoiceId: string | null;

  @MoneyField({ nullable: true, description: 'Null where only the gateway knows it.' })
  amount: MoneyDto | null;

  @Text({ max: 300, example: 'authorize unknown' })
  reason: string;

  @Instant()
  since: string;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 5400 })
  ageSeconds: number;

  @Instant({
    nullable: true,
    description: 'When it is looked at, or ends, by itself; null: a person has to.',
  })
  nextCheckAt: string | null;

  @Nested(() => LimboResolutionDto, { nullable: true })
  resolution: LimboResolutionDto | null;

  static from(row: LimboRow, now: Date): LimboDto {
    const { kind, id, gateway, paymentId, orderId, invoiceId, amount, currency, reason, since } = row;
    return {
      ...{ kind, id, gateway, paymentId, orderId, invoiceId, reason },
      amount:
        amount === null || currency === null || !isCurrency(currency)
          ? null
          : Money.of(BigInt(amount), currency).toJSON(),
      since: since.toISOString(),
      ageSeconds: Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1000)),
      nextCheckAt: row.nextCheckAt?.toISOString() ?? null,
      resolution: resolutionOf(row),
    };
  }
}

const RESOLUTIONS: Readonly<Record<LimboKind, [operationId: string, path: string, method?: 'GET']>> = {
  operation: ['retryPaymentOperation', 'payments/{paymentId}/operations/{operationId}/retry'],
  refund: ['retryPaymentOperation', 'payments/{paymentId}/operations/{operationId}/retry'],
  late_charge: ['refundPayment', 'payments/{paymentId}/refunds'],
  review: ['reviewPayment', 'payments/{paymentId}/review'],
  notice: ['retryGatewayEvent', 'gateways/{gateway}/events/{id}/retry'],
  dispute: ['getDispute', 'disputes/{id}', 'GET'],
  hold: ['capturePayment', 'payments/{paymentId}/captures'],
  unapplied: ['refundPayment', 'payments/{paymentId}/refunds'],
  case: ['resolveReconciliationCase', 'reconciliation/cases/{id}/resolution'],
};

/** One that a rule has stopped, and not its amount. */
const SCREENED = ['approvePaymentReview', 'payment-reviews/{paymentId}/approval'] as const;

/** Null where nothing that its path needs is known. */
function resolutionOf({
  kind,
  id,
  gateway,
  paymentId,
  operationId: call,
  reason,
}: LimboRow): LimboResolutionDto | null {
  const [operationId, template, method = 'POST'] = reason === SCREENING ? SCREENED : RESOLUTIONS[kind];
  const values: Record<string, string | null> = { id, gateway, paymentId, operationId: call };
  let isKnown = true;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    isKnown &&= values[name] != null;
    return encodeURIComponent(values[name] ?? '');
  });
  return isKnown ? { operationId, method, path: `/v1/admin/${path}` } : null;
}
