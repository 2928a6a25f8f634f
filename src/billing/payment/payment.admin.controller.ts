import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  AdminPaymentDto,
  LateChargeDto,
  OperationDto,
  PaymentDetailDto,
  PaymentQuery,
  ReviewPaymentDto,
} from './payment.dto.js';
import { paymentProblems } from './payment.errors.js';
import { OperationRepository } from './operation.repository.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentService } from './payment.service.js';

const AdminPaymentPage = PageOf(AdminPaymentDto);

/** Payments, for staff. */
@ApiTags('Payments')
@Permissions('billing:payment:read')
@Controller('v1/admin/payments')
export class PaymentAdminController {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly service: PaymentService,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Operation({
    id: 'listPayments',
    summary: 'List payments, newest first',
    answers: { 200: AdminPaymentPage },
    problems: [platformProblems.invalid_cursor],
  })
  async list(@Query() query: PaymentQuery): Promise<Page<AdminPaymentDto>> {
    const { limit, cursor, orderId = null, customerId = null, status = null, currency = null } = query;
    const filter = { orderId, customerId, status, currency };
    const list = `payments ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.payments.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    return { ...page, items: page.items.map((payment) => AdminPaymentDto.from(payment)) };
  }

  @Get(':id')
  @Operation({
    id: 'getPaymentDetail',
    summary: 'Read a payment with every call that was made for it',
    answers: { 200: PaymentDetailDto },
    problems: [platformProblems.not_found],
  })
  async get(@Param('id', ParseUUIDPipe) id: string): Promise<PaymentDetailDto> {
    const payment = await this.payments.find(id);
    if (payment === null) throw platformProblems.not_found();
    const [operations, lateCharges] = await Promise.all([
      this.operations.ofPayment(id),
      this.payments.lateCharges(id),
    ]);
    return {
      ...AdminPaymentDto.from(payment),
      lateCharges: lateCharges.map((each) => LateChargeDto.from(each)),
      operations: operations.map((each) => OperationDto.from(each)),
    };
  }

  @Post(':id/review')
  @Permissions('billing:refund:write')
  @Operation({
    id: 'reviewPayment',
    summary: 'Decide about a payment whose amount differs from what was owed',
    answers: { 200: AdminPaymentDto },
    problems: [platformProblems.not_found, paymentProblems.review_not_possible],
    idempotency: 'required',
  })
  async review(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { decision }: ReviewPaymentDto,
    @CurrentActor() actor: Actor,
  ): Promise<AdminPaymentDto> {
    const payment = await this.service.review(id, decision === 'accept', personId(actor) ?? 'system');
    const action = `billing.payment.review_${decision}ed`;
    this.audit.record({ actor, action, subjectType: 'payment', subjectId: id });
    return AdminPaymentDto.from(payment);
  }
}
