import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AdminPaymentDto, PaymentDetailDto, PaymentQuery, ReviewPaymentDto } from './payment.dto.js';
import { paymentProblems } from './payment.errors.js';
import { StaffPayments } from './staff-payments.service.js';

const AdminPaymentPage = PageOf(AdminPaymentDto);

/** Payments, for staff. */
@ApiTags('Payments')
@Permissions('billing:payment:read')
@Controller('v1/admin/payments')
export class PaymentAdminController {
  constructor(private readonly payments: StaffPayments) {}

  @Get()
  @Operation({
    id: 'listPayments',
    summary: 'List payments, newest first',
    answers: { 200: AdminPaymentPage },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: PaymentQuery): Promise<Page<AdminPaymentDto>> {
    return this.payments.list(query);
  }

  @Get(':id')
  @Operation({
    id: 'getPaymentDetail',
    summary: 'Read a payment with every call that was made for it',
    answers: { 200: PaymentDetailDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<PaymentDetailDto> {
    return this.payments.detail(id);
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
  review(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { decision }: ReviewPaymentDto,
    @CurrentActor() actor: Actor,
  ): Promise<AdminPaymentDto> {
    return this.payments.review(id, decision, actor);
  }
}
