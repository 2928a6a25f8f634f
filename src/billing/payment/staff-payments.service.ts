import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { OperationRepository } from './operation.repository.js';
import {
  AdminPaymentDto,
  LateChargeDto,
  OperationDto,
  type PaymentDetailDto,
  type PaymentQuery,
} from './payment.dto.js';
import { PaymentRepository } from './payment.repository.js';

/** Payments as staff read them and decide about them. */
@Injectable()
export class StaffPayments {
  constructor(
    private readonly rows: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** A page of payments, newest first. 400 for a cursor of another list or filter. */
  async list(query: PaymentQuery): Promise<Page<AdminPaymentDto>> {
    const {
      limit,
      cursor,
      createdAt,
      orderId = null,
      customerId = null,
      status = null,
      currency = null,
    } = query;
    const range = { from: createdAt?.gte ?? null, to: createdAt?.lte ?? null };
    const needsAttention = query.needsAttention === true;
    const filter = { orderId, customerId, status, currency, needsAttention, ...range };
    const list = `payments ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.rows.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    return { ...page, items: page.items.map((payment) => AdminPaymentDto.from(payment)) };
  }

  /** A payment with every call that was made for it and the money that came too late; 404 when there is none. */
  async detail(id: string): Promise<PaymentDetailDto> {
    const payment = await this.rows.find(id);
    if (payment === null) throw platformProblems.not_found();
    const [operations, lateCharges] = await Promise.all([
      this.operations.ofPayment(id),
      this.rows.lateCharges(id),
    ]);
    return {
      ...AdminPaymentDto.from(payment),
      lateCharges: lateCharges.map((each) => LateChargeDto.from(each)),
      operations: operations.map((each) => OperationDto.from(each)),
    };
  }

  /** In the caller's transaction: a call is asked about again. 404 when there is none of this payment, or it is decided. */
  async retry(id: string, operationId: string, actor: Actor): Promise<OperationDto> {
    const operation = await this.operations.startOver(id, operationId, this.clock.now());
    if (operation === null) throw platformProblems.not_found();
    const [action, details] = ['billing.operation.retried', { operationId }];
    this.audit.record({ actor, action, subjectType: 'payment', subjectId: id, details });
    return OperationDto.from(operation);
  }
}
