import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { couponProblems } from '../coupon/coupon.errors.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { MySubscriptions } from './my-subscriptions.service.js';
import {
  SubscriptionChangePreviewDto,
  ConfirmSubscriptionChangeDto,
  NextInvoiceDto,
  PreviewSubscriptionChangeDto,
} from './subscription-change.dto.js';
import { SubscriptionChanges } from './subscription-changes.service.js';
import { SubscriptionDesk } from './subscription-desk.service.js';
import {
  CancelSubscriptionDto,
  CreateSubscriptionDto,
  PaySubscriptionDto,
  SubscriptionDetailDto,
  SubscriptionDto,
  SubscriptionParams,
  UpdateSubscriptionDto,
} from './subscription.dto.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionReader } from './subscription.reader.service.js';

const { not_found, stale_version, invalid_cursor } = platformProblems;
const { subscription_state, subscription_renewing, change_not_possible } = subscriptionProblems;
const { quote_stale, quote_used } = subscriptionProblems;
const MyPage = PageOf(SubscriptionDto);

/** What a customer has subscribed to. */
@ApiTags('Subscriptions')
@Permissions('account:self')
@Controller('v1/me/subscriptions')
export class SubscriptionController {
  constructor(
    private readonly mine: MySubscriptions,
    private readonly desk: SubscriptionDesk,
    private readonly changes: SubscriptionChanges,
    private readonly reader: SubscriptionReader,
  ) {}

  @Get()
  @Operation({
    id: 'listMySubscriptions',
    summary: 'Lists what I have subscribed to',
    description: 'The newest first; those that are over stay in the list.',
    answers: { 200: MyPage },
    problems: [invalid_cursor],
  })
  list(@CurrentActor() { id }: PersonActor, @Query() query: PageQuery): Promise<Page<SubscriptionDto>> {
    return this.reader.list({ ...query, customerId: id });
  }

  @Post()
  @InPerson()
  @Operation({
    id: 'createMySubscription',
    location: '/v1/me/subscriptions/{id}',
    summary: 'Subscribes to a plan',
    description:
      'Charged to a method that is kept (`POST /v1/me/payment-methods`), now for the first period and then for each one when it ' +
      'begins. With a trial nothing but a set-up fee is charged until it ends. A customer has one trial of a plan: a further ' +
      'subscription to it begins without, and says so (`trialUsed`); what is never paid (`incomplete_expired`) uses none up. ' +
      '`anchorDate` lets whole periods begin on a later day; the days before it are charged in part.\n\n' +
      '201: it is `active` or `trialing`. 202: it is `incomplete`: with `payment.nextAction` send the customer to the bank and then ' +
      '`POST /v1/payments/{id}/confirmation`; with `payment.declineCode` pay with another method, `POST ' +
      '/v1/me/subscriptions/{id}/payment`. What is not paid within 23 hours is `incomplete_expired` and owed by nobody.',
    example: {
      planId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      quantity: 1,
      currency: 'EUR',
      billingAddress: {
        firstName: 'Ada',
        lastName: 'Byron',
        line1: 'Unter den Linden 1',
        city: 'Berlin',
        postalCode: '10117',
        country: 'DE',
      },
      paymentMethodId: null,
      returnUrl: 'https://shop.example.test/account',
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
    @CurrentActor() { id }: PersonActor,
    @Body() input: CreateSubscriptionDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.mine.create(id, input);
    void reply.code(status);
    return body;
  }

  @Get(':id')
  @Operation({
    id: 'getMySubscription',
    headers: ['ETag'],
    summary: 'Shows one of my subscriptions',
    description:
      'With the payment that is waited for, what it was for and when, and the last periods that were billed.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found],
  })
  get(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
  ): Promise<SubscriptionDetailDto> {
    return this.reader.get(id, actor.id);
  }

  @Patch(':id')
  @InPerson()
  @Operation({
    id: 'updateMySubscription',
    headers: ['ETag'],
    summary: 'Changes how I pay, or who is invoiced',
    description: 'From the next invoice on; the country stays.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, methodProblems.no_payment_method],
  })
  update(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() input: UpdateSubscriptionDto,
  ): Promise<SubscriptionDetailDto> {
    return this.mine.update(actor.id, id, input);
  }

  @Post(':id/payment')
  @InPerson()
  @Operation({
    id: 'payMySubscription',
    summary: 'Pays what a subscription owes',
    description:
      'Its oldest open invoice, with a method that is kept. 200: it was taken, or it was declined and `payment.declineCode` says ' +
      'why. 202: it is not decided yet, or the subscription still waits for its first payment: the bank asks ' +
      '(`payment.nextAction`), or another method has to pay.',
    answers: { 200: SubscriptionDetailDto, 202: SubscriptionDetailDto },
    problems: [
      not_found,
      subscription_state,
      methodProblems.no_payment_method,
      paymentProblems.payment_in_progress,
      paymentProblems.too_many_attempts,
      paymentProblems.unknown_gateway,
    ],
    idempotency: 'steps',
  })
  async pay(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() input: PaySubscriptionDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.mine.pay(actor.id, id, input);
    void reply.code(status);
    return body;
  }

  @Get(':id/next-invoice')
  @Operation({
    id: 'previewMyNextInvoice',
    summary: 'Shows what the next invoice will say',
    description: 'If nothing is changed before; `at` is null when none is made.',
    answers: { 200: NextInvoiceDto },
    problems: [not_found],
  })
  nextInvoice(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
  ): Promise<NextInvoiceDto> {
    return this.reader.nextInvoice(id, actor.id);
  }

  @Post(':id/changes/preview')
  @Operation({
    id: 'previewMySubscriptionChange',
    summary: 'Shows what another plan or quantity would come to',
    description:
      'Writes nothing. What is left of the running period is counted by days, the day of the change as new: a credit of what was ' +
      'paid and a debit of what it is to be. Confirming `quote` bills exactly this.',
    answers: { 200: SubscriptionChangePreviewDto },
    problems: [not_found, subscription_state, subscription_renewing, change_not_possible],
  })
  preview(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { planId = null, quantity = null, behaviour = null }: PreviewSubscriptionChangeDto,
  ): Promise<SubscriptionChangePreviewDto> {
    return this.changes.preview(id, { planId, quantity, behaviour }, actor.id);
  }

  @Post(':id/changes')
  @InPerson()
  @Operation({
    id: 'changeMySubscription',
    summary: 'Makes a change as it was shown',
    description:
      '409 `billing.quote_stale` brings what it would come to now; nothing was changed or billed then. A quote is confirmed once: 409 ' +
      '`billing.quote_used` says that its change was made.',
    answers: { 200: SubscriptionDetailDto },
    problems: [
      ...[not_found, subscription_state, subscription_renewing, change_not_possible],
      ...[quote_stale, quote_used],
    ],
    idempotency: 'required',
  })
  async change(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { quote }: ConfirmSubscriptionChangeDto,
  ): Promise<SubscriptionDetailDto> {
    await this.changes.confirm(id, quote, { actor, customerId: actor.id, version: null });
    return this.reader.get(id, actor.id);
  }

  @Delete(':id/scheduled-change')
  @InPerson()
  @Operation({
    id: 'dropMyScheduledChange',
    summary: 'Takes back a change that waits for the next period',
    description: 'The subscription stays what it is. 409 when nothing waits.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
  })
  async dropChange(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.dropChange(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/cancellation')
  @InPerson()
  @Operation({
    id: 'cancelMySubscription',
    summary: 'Ends a subscription',
    description:
      'With the end of what is paid, which can be taken back until then, or at once, which gives nothing back. One that waits for ' +
      'its first payment ends at once and owes nothing.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async cancel(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { when, reason = null }: CancelSubscriptionDto,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.cancel(id, when, reason, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Delete(':id/cancellation')
  @InPerson()
  @Operation({
    id: 'keepMySubscription',
    summary: 'Takes back a cancellation',
    description: 'Until the period is over. 409 when it was not to end.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
  })
  async keep(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.keep(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/pause')
  @InPerson()
  @Operation({
    id: 'pauseMySubscription',
    summary: 'Pauses a subscription',
    description: 'At once, and nothing is billed until it is resumed. 409 while something is owed.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async pause(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.pause(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/resumption')
  @InPerson()
  @Operation({
    id: 'resumeMySubscription',
    summary: 'Goes on with a subscription',
    description:
      'With the period that was paid, when it still runs; otherwise a new one begins today and is billed. What was skipped is not. ' +
      '409 when there is nothing to pay with.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, subscription_state, stale_version],
    idempotency: 'accepted',
  })
  async resume(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.resume(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }
}
