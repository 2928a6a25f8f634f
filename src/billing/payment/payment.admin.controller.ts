import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { PaymentReviews } from '../fraud/payment-reviews.service.js';
import {
  AdminPaymentDto,
  CapturePaymentDto,
  OperationDto,
  OperationParams,
  PaymentDetailDto,
  PaymentQuery,
  ReviewPaymentDto,
} from './payment.dto.js';
import { paymentProblems } from './payment.errors.js';
import { StaffCaptures } from './staff-captures.service.js';
import { gatewayProblems } from '../gateway/gateway.errors.js';
import { StaffPayments } from './staff-payments.service.js';

const AdminPaymentPage = PageOf(AdminPaymentDto);

/** Payments, for staff. */
@ApiTags('Payments')
@Permissions('billing:payment:read')
@Controller('v1/admin/payments')
export class PaymentAdminController {
  constructor(
    private readonly payments: StaffPayments,
    private readonly captures: StaffCaptures,
    private readonly reviews: PaymentReviews,
  ) {}

  @Get()
  @Operation({
    id: 'listPayments',
    summary: 'List payments, newest first',
    description:
      'Filter by order, customer, status, currency or time (`createdAt[gte]`, `createdAt[lte]`); `status=requires_review` is what waits for a ' +
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
  @Permissions('billing:payment:write')
  @Operation({
    id: 'reviewPayment',
    summary: 'Decide about a payment that waits for a person',
    description:
      'For a payment with status `requires_review`: a rule holds it back, or the gateway took another amount than was ' +
      'owed, or another currency. `accept` takes what came as the payment, and what is held is captured unless the shop captures by ' +
      'itself (`PAYMENT_CAPTURE=manual`); the order is placed if it covers the total. `reject` ends the payment and sends the money ' +
      'back, in the currency in which it came. It is the same as `approvePaymentReview` and `rejectPaymentReview`, without a note. ' +
      '202 when the gateway has not decided about the capture.\n\n' +
      '409 `billing.review_not_possible`: nothing waits here, the hold is over, or money of another currency was to be accepted. ' +
      'An order that nobody decides about is canceled when its time to pay ends, and the money goes back.',
    answers: { 200: AdminPaymentDto, 202: AdminPaymentDto },
    problems: [platformProblems.not_found, paymentProblems.review_not_possible],
    idempotency: 'steps',
  })
  async review(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { decision }: ReviewPaymentDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } =
      decision === 'accept'
        ? await this.reviews.approve(id, null, actor)
        : await this.reviews.reject(id, null, actor);
    void reply.code(status);
    return body;
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

  @Post(':id/captures')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'capturePayment',
    summary: 'Capture what is held for a payment, in part or in full',
    description:
      'For a payment that is `authorized` (`PAYMENT_CAPTURE=manual`). An `amount` in minor units, as often as there is ' +
      'something left, or `full: true` for all of it. The room is taken before the gateway is asked: however many ask at once, ' +
      'together they never get more than is held (409 `billing.capture_exceeds_held` says in `maximumCapturable` what is ' +
      'possible). With `final: true` what stays uncaptured is released, and the payment is `captured`.\n\n' +
      '200 with the payment as it is then; what the gateway refused is capturable again (see `operations`). 202 when the ' +
      'gateway has not decided: it settles by itself.',
    answers: { 200: AdminPaymentDto, 202: AdminPaymentDto },
    problems: [
      platformProblems.not_found,
      paymentProblems.nothing_held,
      paymentProblems.capture_exceeds_held,
      paymentProblems.capture_amount_required,
      gatewayProblems.amount_not_representable,
      paymentProblems.payment_in_progress,
    ],
    idempotency: 'steps',
  })
  async capture(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { amount, full, final = false }: CapturePaymentDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if ((amount === undefined) === (full !== true)) throw paymentProblems.capture_amount_required();
    const wanted = { amount: amount ? Money.fromJSON(amount) : null, final };
    const { status, body } = await this.captures.capture(id, wanted, actor);
    void reply.code(status);
    return body;
  }

  @Post(':id/void')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'voidPayment',
    summary: 'Release what is held for a payment',
    description:
      'For a payment that is `authorized`: what was not captured is let go, and nothing more can be taken. A payment of which ' +
      'nothing was captured is `canceled` then, another one `captured` with what it has. 202 when the gateway has not decided.',
    answers: { 200: AdminPaymentDto, 202: AdminPaymentDto },
    problems: [platformProblems.not_found, paymentProblems.nothing_held, paymentProblems.payment_in_progress],
    idempotency: 'steps',
  })
  async release(
    @Param('id', ParseUUIDPipe) id: string,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.captures.release(id, actor);
    void reply.code(status);
    return body;
  }
}
