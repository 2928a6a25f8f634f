import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { invoiceLinkProblems } from '../dunning/dunning.errors.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { MySubscriptions } from './my-subscriptions.service.js';
import { NextInvoiceDto } from './subscription-change.dto.js';
import { UpdateSubscriptionDto } from './subscription-desk.dto.js';
import { BUYER_EXAMPLE, heads } from './subscription-heads.js';
import { CreateSubscriptionDto, PaySubscriptionDto } from './subscription-opening.dto.js';
import { SubscriptionDetailDto, SubscriptionDto, SubscriptionParams } from './subscription.dto.js';
import { subscriptionProblems } from './subscription.errors.js';
import { SubscriptionReader } from './subscription.reader.service.js';

const { not_found, invalid_cursor } = platformProblems;
const { subscription_state } = subscriptionProblems;
const MyPage = PageOf(SubscriptionDto);

/** What a customer has subscribed to. */
@ApiTags('Subscriptions')
@Permissions('account:self')
@Controller('v1/me/subscriptions')
export class SubscriptionController {
  constructor(
    private readonly mine: MySubscriptions,
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
    ...heads.open,
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
      billingAddress: BUYER_EXAMPLE,
      paymentMethodId: null,
      returnUrl: 'https://shop.example.test/account',
    },
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
    description:
      'From the next invoice on; the country stays. A VAT id is checked first, and the tax is as it says: a business that takes its ' +
      'id away is taxed as a consumer is, and is refused where the plan is sold to businesses only.',
    answers: { 200: SubscriptionDetailDto },
    problems: [not_found, methodProblems.no_payment_method, subscriptionProblems.vat_id_needed],
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
      '(`payment.nextAction`), or another method has to pay. 409 `billing.method_barred`: that card must not be tried again. 429: ' +
      'it was tried so often within a day that it has to wait.',
    answers: { 200: SubscriptionDetailDto, 202: SubscriptionDetailDto },
    problems: [
      not_found,
      subscription_state,
      methodProblems.no_payment_method,
      paymentProblems.payment_already_captured,
      paymentProblems.payment_amount_frozen,
      paymentProblems.charge_exceeds_due,
      paymentProblems.payment_in_progress,
      invoiceLinkProblems.method_barred,
      paymentProblems.invoice_tried_too_often,
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
    ...heads.nextInvoice,
  })
  nextInvoice(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
  ): Promise<NextInvoiceDto> {
    return this.reader.nextInvoice(id, actor.id);
  }
}
