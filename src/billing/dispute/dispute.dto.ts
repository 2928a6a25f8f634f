import { Instant, MoneyDto, MoneyField, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { type Dispute, DISPUTE_STATUSES, type DisputeStatus } from './dispute.repository.js';

export class DisputeDto {
  @Uuid()
  id: string;

  @Uuid()
  paymentId: string;

  @Uuid({
    nullable: true,
    description: 'The late charge of the payment that is disputed; null: what the payment counts.',
    example: null,
  })
  chargeId: string | null;

  @Uuid({ nullable: true, description: 'Null where an invoice was paid.' })
  orderId: string | null;

  @Text({ max: 50, example: 'test' })
  gateway: string;

  @Text({ max: 200, description: 'What the gateway calls it: evidence is sent there.' })
  gatewayRef: string;

  @OneOf(DISPUTE_STATUSES, {
    example: 'open',
    description: '`open`: the bank has not decided; `won`: the money is with us again; `lost`: it is gone.',
  })
  status: DisputeStatus;

  @MoneyField({ description: 'What the bank has taken back.' })
  amount: MoneyDto;

  @MoneyField({
    description:
      'What the gateway asked for its work; 0 where that cannot be counted: a case of reconciliation tells it.',
  })
  fee: MoneyDto;

  @Text({ max: 200, example: 'fraudulent', description: 'In the words of the gateway.' })
  reason: string;

  @Instant({ nullable: true, description: 'Until when evidence can be sent.' })
  evidenceDueAt: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true, example: null })
  closedAt: string | null;

  static from(dispute: Dispute): DisputeDto {
    const { id, paymentId, chargeId, orderId, gateway, ref, status, amount, fee, reason } = dispute;
    return {
      ...{ id, paymentId, chargeId, orderId, gateway, gatewayRef: ref, status, reason },
      amount: amount.toJSON(),
      fee: fee.toJSON(),
      evidenceDueAt: dispute.evidenceDueAt?.toISOString() ?? null,
      createdAt: dispute.createdAt.toISOString(),
      closedAt: dispute.closedAt?.toISOString() ?? null,
    };
  }
}

export class DisputeQuery extends PageQuery {
  @Uuid({ optional: true })
  paymentId?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @OneOf(DISPUTE_STATUSES, { optional: true })
  status?: DisputeStatus;
}
