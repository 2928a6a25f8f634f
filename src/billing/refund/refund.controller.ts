import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { giftCardProblems } from '../gift-card/gift-card.errors.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { CreateRefundDto, RefundDto, RefundQuery } from './refund.dto.js';
import { refundProblems } from './refund.errors.js';
import { RefundReader } from './refund.reader.service.js';
import { gatewayProblems } from '../gateway/gateway.errors.js';
import { StaffRefunds } from './staff-refund.service.js';

const RefundPage = PageOf(RefundDto);

/** Refunds, for staff. */
@ApiTags('Refunds')
@Controller('v1/admin')
export class RefundController {
  constructor(
    private readonly refunds: RefundReader,
    private readonly staff: StaffRefunds,
  ) {}

  @Post('payments/:id/refunds')
  @Permissions('billing:refund:write')
  @Operation({
    id: 'refundPayment',
    location: '/v1/admin/refunds/{id}',
    summary: 'Refund a payment, in part or in full',
    description:
      'An `amount` in minor units of the currency that was paid, or `full: true` for all that is left. ' +
      'The amount is reserved before the gateway is asked, so that no two refunds together exceed what ' +
      'the charge captured: 409 `billing.refund_exceeds_captured` says in `maximumRefundable` what is ' +
      'possible.\n\n' +
      '201 with status `succeeded`, or `failed` when the gateway refused it: then its amount is free ' +
      'again and a new key may try again. 202 with status `pending` when the gateway has not decided; it ' +
      'settles by itself, read `GET /v1/admin/refunds/{id}`.\n\n' +
      'While a bank disputes the payment nothing of it is refunded (409 `billing.payment_disputed`): its customer would get ' +
      'the money twice.\n\n' +
      'Money that came too late (`lateCharges` of the payment) goes back by itself; where the gateway ' +
      'refused that, name its charge in `chargeId`.\n\n' +
      'What was paid from a gift card or store credit goes back there at once; with `to: store_credit` anything becomes ' +
      'credit of the customer.\n\n' +
      'Where an invoice was paid, `creditNote` says which document corrects its tax.',
    answers: { 201: RefundDto, 202: RefundDto },
    problems: [
      platformProblems.not_found,
      refundProblems.refund_amount_required,
      refundProblems.refund_exceeds_captured,
      refundProblems.payment_disputed,
      refundProblems.credit_needs_customer,
      giftCardProblems.gift_card_kept,
      gatewayProblems.amount_not_representable,
      invoiceProblems.credit_note_missing,
      invoiceProblems.credit_exceeds_invoice,
      invoiceProblems.credit_note_reason_required,
    ],
    idempotency: 'steps',
  })
  async refund(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: CreateRefundDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { amount, full, chargeId, to = 'original', reason = 'requested_by_customer' } = input;
    if ((amount === undefined) === (full !== true))
      throw refundProblems.refund_amount_required(undefined, {
        errors: [{ pointer: '/amount', code: 'one_of', message: 'send this or `full: true`' }],
      });
    const document = {
      creditNote: input.creditNote ?? 'create',
      reason: input.creditNoteReason ?? null,
    } as const;
    const how = {
      ...(amount ? { amount: Money.fromJSON(amount) } : { full: true as const }),
      chargeId,
      to,
      reason,
    };
    const { status, body } = await this.staff.refund(id, how, document, actor);
    void reply.code(status);
    return body;
  }

  @Get('refunds')
  @Permissions('billing:payment:read')
  @Operation({
    id: 'listRefunds',
    summary: 'List refunds, newest first',
    description:
      'Of staff and of the store itself (`requestedBy` is `system`: canceled orders and late money). ' +
      'Filter by payment, order, status or time (`createdAt[gte]`, `createdAt[lte]`); `pending` ones settle by themselves.',
    answers: { 200: RefundPage },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: RefundQuery): Promise<Page<RefundDto>> {
    return this.refunds.list(query);
  }

  @Get('refunds/:id')
  @Permissions('billing:payment:read')
  @Operation({
    id: 'getRefund',
    summary: 'Read a refund',
    description:
      'Poll it after a 202: `status` goes from `pending` to `succeeded` or `failed` (see `failureCode`). ' +
      'A bank may still send a settled refund back days later; then it is `failed`.',
    answers: { 200: RefundDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<RefundDto> {
    return this.refunds.get(id);
  }
}
