import { Body, Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { couponProblems } from '../coupon/coupon.errors.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import {
  SubscriptionChangePreviewDto,
  ConfirmSubscriptionChangeDto,
  NextInvoiceDto,
  PreviewSubscriptionChangeDto,
} from './subscription-change.dto.js';
import { StaffSubscriptions } from './staff-subscriptions.service.js';
import { SubscriptionChanges } from './subscription-changes.service.js';
import { SubscriptionDesk } from './subscription-desk.service.js';
import {
  CancelSubscriptionDto,
  OpenSubscriptionDto,
  ReleaseSubscriptionDto,
  SubscriptionDetailDto,
  SubscriptionDto,
  SubscriptionParams,
  SubscriptionQuery,
} from './subscription.dto.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionReader } from './subscription.reader.service.js';

const { not_found, stale_version, invalid_cursor } = platformProblems;
const { subscription_state, subscription_renewing, change_not_possible } = subscriptionProblems;
const { quote_stale, quote_used } = subscriptionProblems;

const BUYER = {
  firstName: 'Ada',
  lastName: 'Byron',
  line1: 'Unter den Linden 1',
  city: 'Berlin',
  postalCode: '10117',
  country: 'DE',
};

/** Subscriptions, for staff. */
@ApiTags('Subscriptions')
@Permissions('billing:subscription:write')
@Controller('v1/admin/subscriptions')
export class SubscriptionAdminController {
  constructor(
    private readonly staff: StaffSubscriptions,
    private readonly desk: SubscriptionDesk,
    private readonly changes: SubscriptionChanges,
    private readonly reader: SubscriptionReader,
  ) {}

  @Get()
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'listSubscriptions',
    summary: 'Lists subscriptions, the newest first',
    description: 'By state, customer or plan; `parked=true` are those that wait for a person.',
    answers: { 200: PageOf(SubscriptionDto) },
    problems: [invalid_cursor],
  })
  list(@Query() query: SubscriptionQuery): Promise<Page<SubscriptionDto>> {
    return this.reader.list(query);
  }

  @Post()
  @Operation({
    id: 'createSubscription',
    location: '/v1/admin/subscriptions/{id}',
    summary: 'Subscribes a customer to a plan',
    description:
      'On the terms that are sold today, with the trial that the customer has not had. `automatic`: the first invoice is charged at ' +
      'once to the method that is kept, by the shop, with nobody there to answer the bank. 201: it is `active` or `trialing`. 202: it ' +
      'is `incomplete`, and `payment.declineCode` says why: the customer pays it (`POST /v1/me/subscriptions/{id}/payment`) within 23 ' +
      'hours, or nobody owes it. `invoice`: it begins at once, and the customer is sent each invoice.',
    example: {
      customerId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      planId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      quantity: 1,
      currency: 'EUR',
      billingAddress: BUYER,
      collection: 'automatic',
    },
    answers: { 201: SubscriptionDetailDto, 202: SubscriptionDetailDto },
    problems: [
      subscriptionProblems.plan_not_sold,
      subscriptionProblems.seller_unknown,
      methodProblems.no_payment_method,
      paymentProblems.unknown_gateway,
      couponProblems.coupon_not_valid,
    ],
    idempotency: 'steps',
  })
  async create(
    @Body() input: OpenSubscriptionDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.staff.open(input, actor);
    void reply.code(status);
    return body;
  }

  @Get(':id')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'getSubscription',
    headers: ['ETag'],
    summary: 'Shows a subscription',
    description:
      'With what it was for and when, and the last periods that were billed. Its invoices: `GET ' +
      '/v1/admin/invoices?subscriptionId=`, and where each cent of them comes from: `/v1/admin/invoices/{id}/explain`.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found],
  })
  get(@Param() { id }: SubscriptionParams): Promise<SubscriptionDetailDto> {
    return this.reader.get(id);
  }

  @Get(':id/next-invoice')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'previewNextInvoice',
    summary: 'Shows what the next invoice will say',
    description: 'If nothing is changed before; `at` is null when none is made.',
    answers: { 200: NextInvoiceDto },
    problems: [not_found],
  })
  nextInvoice(@Param() { id }: SubscriptionParams): Promise<NextInvoiceDto> {
    return this.reader.nextInvoice(id);
  }

  @Post(':id/changes/preview')
  @Operation({
    id: 'previewSubscriptionChange',
    summary: 'Shows what another plan or quantity would come to',
    description: 'As the customer would see it; writes nothing. Confirming `quote` bills exactly this.',
    answers: { 200: SubscriptionChangePreviewDto },
    problems: [not_found, subscription_state, subscription_renewing, change_not_possible],
  })
  preview(
    @Param() { id }: SubscriptionParams,
    @Body() { planId = null, quantity = null, behaviour = null }: PreviewSubscriptionChangeDto,
  ): Promise<SubscriptionChangePreviewDto> {
    return this.changes.preview(id, { planId, quantity, behaviour }, null);
  }

  @Post(':id/changes')
  @Operation({
    id: 'changeSubscription',
    summary: 'Makes a change as it was shown',
    description:
      '409 `billing.quote_stale` brings what it would come to now; nothing was changed or billed then. A quote is confirmed once: 409 ' +
      '`billing.quote_used` says that its change was made.',
    answers: { 200: SubscriptionDetailDto },
    problems: [
      ...[not_found, stale_version, subscription_state, subscription_renewing, change_not_possible],
      ...[quote_stale, quote_used],
    ],
    idempotency: 'required',
  })
  async change(
    @Param() { id }: SubscriptionParams,
    @Body() { quote }: ConfirmSubscriptionChangeDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.changes.confirm(id, quote, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Delete(':id/scheduled-change')
  @Operation({
    id: 'dropScheduledChange',
    summary: 'Takes back a change that waits for the next period',
    description: 'The subscription stays what it is. 409 when nothing waits.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
  })
  async dropChange(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.dropChange(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/cancellation')
  @Operation({
    id: 'cancelSubscription',
    summary: 'Ends a subscription',
    description:
      'With the end of what is paid, or at once; nothing is given back. What was invoiced and is not paid stays owed.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async cancel(
    @Param() { id }: SubscriptionParams,
    @Body() { when, reason = null }: CancelSubscriptionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.cancel(id, when, reason, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Delete(':id/cancellation')
  @Operation({
    id: 'keepSubscription',
    summary: 'Takes back a cancellation',
    description: 'Until the period is over. 409 when it was not to end.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
  })
  async keep(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.keep(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/pause')
  @Operation({
    id: 'pauseSubscription',
    summary: 'Pauses a subscription',
    description: 'At once, and nothing is billed until it is resumed. 409 while something is owed.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async pause(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.pause(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/resumption')
  @Operation({
    id: 'resumeSubscription',
    summary: 'Goes on with a subscription',
    description:
      'With the period that was paid, when it still runs; otherwise a new one begins today and is billed. What was skipped is not.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async resume(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.resume(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/release')
  @Operation({
    id: 'releaseSubscription',
    summary: 'Bills a subscription again that waits for a person',
    description:
      'It was parked because too many periods were missed, or a period could not be priced (`parkedReason`). 409 when it was not.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async release(
    @Param() { id }: SubscriptionParams,
    @Body() { missed }: ReleaseSubscriptionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.release(id, missed, { actor, customerId: null, version });
    return this.reader.get(id);
  }
}
