import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { StaffSubscriptions } from './staff-subscriptions.service.js';
import { NextInvoiceDto } from './subscription-change.dto.js';
import { BUYER_EXAMPLE, heads } from './subscription-heads.js';
import { OpenSubscriptionDto } from './subscription-opening.dto.js';
import {
  SubscriptionDetailDto,
  SubscriptionDto,
  SubscriptionParams,
  SubscriptionQuery,
} from './subscription.dto.js';
import { SubscriptionReader } from './subscription.reader.service.js';

const { not_found, invalid_cursor } = platformProblems;

/** Subscriptions, for staff. */
@ApiTags('Subscriptions')
@Permissions('billing:subscription:write')
@Controller('v1/admin/subscriptions')
export class SubscriptionAdminController {
  constructor(
    private readonly staff: StaffSubscriptions,
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
    ...heads.open,
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
      billingAddress: BUYER_EXAMPLE,
      collection: 'automatic',
    },
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
    ...heads.nextInvoice,
  })
  nextInvoice(@Param() { id }: SubscriptionParams): Promise<NextInvoiceDto> {
    return this.reader.nextInvoice(id);
  }
}
