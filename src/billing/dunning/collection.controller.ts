import { Controller, Get, Header, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { paymentProblems } from '../payment/payment.errors.js';
import {
  InvoiceCollectionDto,
  InvoiceCollectionParams,
  InvoiceCollectionQuery,
  InvoiceCollectionSummaryDto,
  InvoiceLinkDto,
} from './collection.dto.js';
import { dunningProblems, invoiceLinkProblems } from './dunning.errors.js';
import { StaffCollections } from './staff-collections.service.js';

const { not_found } = platformProblems;

/** Invoices that are collected from kept methods, for staff. */
@ApiTags('Dunning')
@Permissions('billing:dunning:read')
@Controller('v1/admin/invoice-collections')
export class CollectionController {
  constructor(private readonly collections: StaffCollections) {}

  @Get()
  @Operation({
    id: 'listInvoiceCollections',
    summary: 'List invoices that are collected, the newest first',
    description: 'By state, customer or subscription: how far each is, and when it is tried again.',
    answers: { 200: PageOf(InvoiceCollectionSummaryDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: InvoiceCollectionQuery): Promise<Page<InvoiceCollectionSummaryDto>> {
    return this.collections.list(query);
  }

  @Get(':invoiceId')
  @Operation({
    id: 'getInvoiceCollection',
    summary: 'Read how an invoice is collected',
    description:
      'With every attempt, those that were not made as well, and whether its method may be charged again.',
    answers: { 200: InvoiceCollectionDto },
    problems: [not_found],
  })
  get(@Param() { invoiceId }: InvoiceCollectionParams): Promise<InvoiceCollectionDto> {
    return this.collections.get(invoiceId);
  }

  @Post(':invoiceId/attempts')
  @Permissions('billing:dunning:write')
  @Operation({
    id: 'tryInvoiceCollection',
    summary: 'Try to collect an invoice now',
    description:
      'Charges the kept method beside the schedule, which stays as it is. A decline is no problem of the request: it is the last of ' +
      '`attempts`. What the bank or the card networks forbid is refused, 409 `billing.collection_barred`.',
    answers: { 200: InvoiceCollectionDto },
    problems: [
      not_found,
      dunningProblems.collection_barred,
      invoiceLinkProblems.invoice_not_due,
      paymentProblems.payment_in_progress,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  attempt(@Param() { invoiceId }: InvoiceCollectionParams, @CurrentActor() actor: Actor): Promise<string> {
    return this.collections.tryNow(invoiceId, actor);
  }

  @Post(':invoiceId/links')
  @Permissions('billing:dunning:write')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'createInvoiceLink',
    summary: 'Make a link to pay an invoice',
    description:
      'Of an invoice that is collected, or of one that its customer is sent and pays (`collection: invoice` of the subscription). ' +
      'Whoever has it can pay the invoice without signing in, until 30 days after the day on which it is due, and for 30 days at ' +
      'the least. Letters about it have links of their own, which go on holding.',
    answers: { 201: InvoiceLinkDto },
    problems: [not_found, invoiceLinkProblems.invoice_not_due],
    idempotency: 'required',
  })
  link(
    @Param() { invoiceId }: InvoiceCollectionParams,
    @CurrentActor() actor: Actor,
  ): Promise<InvoiceLinkDto> {
    return this.collections.link(invoiceId, actor);
  }
}
