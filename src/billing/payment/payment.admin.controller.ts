import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  AdminPaymentDto,
  OperationDto,
  OperationParams,
  PaymentDetailDto,
  PaymentQuery,
  ReviewPaymentDto,
} from './payment.dto.js';
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
    description:
      'Filter by order, customer, status or currency; `status=requires_review` is what waits for a ' +
      'person, and so is `needsAttention=true`: a call of which the gateway does not say what became. ' +
      'Amounts are in minor units.',
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
    description:
      '`operations` are the calls to the gateway with what became of each, `lateCharges` money that came ' +
      'when the payment was canceled or paid otherwise. Amounts are in minor units.',
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
    description:
      'For a payment with status `requires_review` because the gateway took another amount than was ' +
      'owed, or another currency. `accept` takes what came as the payment and the order is placed if it covers the total; ' +
      '`reject` ends the payment and sends the money back, in the currency in which it came.\n\n' +
      '409 `billing.review_not_possible`: nothing waits here, or money of another currency was to be accepted. An order that nobody decides about is canceled when its time to ' +
      'pay ends, and the money goes back.',
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

  @Post(':id/operations/:operationId/retry')
  @Permissions('billing:refund:write')
  @Operation({
    id: 'retryPaymentOperation',
    summary: 'Ask again what became of a call',
    description:
      'For a call that is not decided. It is asked about within half a minute, and then as if it were new; what never reached ' +
      'the gateway is sent again under the same id, so that no money moves twice. 404 when there is no such call or it is decided.',
    answers: { 202: OperationDto },
    problems: [platformProblems.not_found],
    idempotency: 'required',
  })
  retry(@Param() { id, operationId }: OperationParams, @CurrentActor() actor: Actor): Promise<OperationDto> {
    return this.payments.retry(id, operationId, actor);
  }
}
