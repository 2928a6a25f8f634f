import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { AdminPaymentDto } from '../payment/payment.dto.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { DecidePaymentReviewDto, PaymentReviewDto, PaymentReviewQuery } from './payment-review.dto.js';
import { PaymentReviews } from './payment-reviews.service.js';

const { not_found, invalid_cursor } = platformProblems;

/** Payments that wait for a person. */
@ApiTags('Fraud screening')
@Permissions('billing:payment:read')
@Controller('v1/admin/payment-reviews')
export class PaymentReviewController {
  constructor(private readonly reviews: PaymentReviews) {}

  @Get()
  @Operation({
    id: 'listPaymentReviews',
    summary: 'List payments that wait for a person',
    description:
      'The longest waiting first. What a rule holds back was authorized and not taken: decide before `expiresAt`, or it is let go ' +
      'and its order is canceled. By `state` also those that were decided.',
    answers: { 200: PageOf(PaymentReviewDto) },
    problems: [invalid_cursor],
  })
  list(@Query() query: PaymentReviewQuery): Promise<Page<PaymentReviewDto>> {
    return this.reviews.list(query);
  }

  @Get(':paymentId')
  @Operation({
    id: 'getPaymentReview',
    summary: 'Read what a payment waits for',
    description:
      'With the rules that hold for it, and who decided. 404 for a payment that never waited for a person.',
    answers: { 200: PaymentReviewDto },
    problems: [not_found],
  })
  get(@Param('paymentId', ParseUUIDPipe) id: string): Promise<PaymentReviewDto> {
    return this.reviews.get(id);
  }

  @Post(':paymentId/approval')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'approvePaymentReview',
    summary: 'Take a payment that waits for a person',
    description:
      'Its order is placed. What is held is captured, unless the shop captures by itself (`PAYMENT_CAPTURE=manual`): then it stays ' +
      '`authorized`. 202 when the gateway has not decided about the capture; one that it refuses leaves the payment `authorized`, to ' +
      'be captured again. 409 `billing.review_not_possible` when it waits no more, the hold is over, or money of another currency came.',
    answers: { 200: AdminPaymentDto, 202: AdminPaymentDto },
    problems: [not_found, paymentProblems.review_not_possible],
    idempotency: 'steps',
  })
  async approve(
    @Param('paymentId', ParseUUIDPipe) id: string,
    @Body() { note }: DecidePaymentReviewDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.reviews.approve(id, note ?? null, actor);
    void reply.code(status);
    return body;
  }

  @Post(':paymentId/rejection')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'rejectPaymentReview',
    summary: 'Refuse a payment that waits for a person',
    description:
      'The payment is `canceled` at once and so is its order; what is held is released, what was taken goes back. 409 ' +
      '`billing.review_not_possible` when it waits no more.',
    answers: { 200: AdminPaymentDto },
    problems: [not_found, paymentProblems.review_not_possible],
    idempotency: 'steps',
  })
  async reject(
    @Param('paymentId', ParseUUIDPipe) id: string,
    @Body() { note }: DecidePaymentReviewDto,
    @CurrentActor() actor: Actor,
  ): Promise<string> {
    return (await this.reviews.reject(id, note ?? null, actor)).body;
  }
}
