import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { paymentProblems } from '../payment/payment.errors.js';
import {
  EndInvoiceDto,
  InvoiceDto,
  InvoiceExplanationDto,
  InvoiceParams,
  InvoiceQuery,
  InvoiceSummaryDto,
  RegisterEntryDto,
  RegisterQuery,
} from './invoice.dto.js';
import { invoiceProblems } from './invoice.errors.js';
import { StaffInvoices } from './staff-invoices.service.js';

/** Invoices, for staff. */
@ApiTags('Invoices')
@Controller('v1/admin')
@Permissions('billing:invoice:read')
export class InvoiceAdminController {
  constructor(private readonly invoices: StaffInvoices) {}

  @Get('invoices')
  @Operation({
    id: 'listInvoices',
    summary: 'List invoices, the newest first',
    description:
      'By state, customer, order, subscription, number or day. Drafts have no number: they wait for the profile of the seller.',
    answers: { 200: PageOf(InvoiceSummaryDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: InvoiceQuery): Promise<Page<InvoiceSummaryDto>> {
    return this.invoices.list(query);
  }

  @Get('invoices/:id')
  @Operation({
    id: 'getInvoice',
    headers: ['ETag'],
    summary: 'Read an invoice',
    description:
      '`content` is what is printed, frozen when the invoice was finalised; of a draft it is the pro-forma, without a number. ' +
      '`settlements` say what has paid it.',
    answers: { 200: InvoiceDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: InvoiceParams): Promise<InvoiceDto> {
    return this.invoices.get(id);
  }

  @Get('invoices/:id/explain')
  @Operation({
    id: 'explainInvoice',
    summary: 'Explain every cent of an invoice',
    description:
      'For each amount its rule, its formula in minor units and what rounding has left out. Rules named `BR-` are those of EN 16931.',
    answers: { 200: InvoiceExplanationDto },
    problems: [platformProblems.not_found],
  })
  explain(@Param() { id }: InvoiceParams): Promise<InvoiceExplanationDto> {
    return this.invoices.explain(id);
  }

  @Post('invoices/:id/voidance')
  @Permissions('billing:invoice:write')
  @Operation({
    id: 'voidInvoice',
    headers: ['ETag'],
    summary: 'Void an invoice that nobody has paid',
    description:
      'Its postings are taken back; its number is not given again and stays in the register with the reason. 409 when something ' +
      'of it was paid or credited, or it renews a subscription and has charged usage, a coupon or waiting lines, which no later ' +
      'invoice would charge again: then it is corrected by a credit note. An open page of a bank is withdrawn; 409 while money is ' +
      'on its way. An order that goes on gets another invoice, which says what the order says by then.',
    answers: { 200: InvoiceDto },
    problems: [
      platformProblems.not_found,
      platformProblems.stale_version,
      invoiceProblems.invoice_not_open,
      invoiceProblems.invoice_paid_in_part,
      paymentProblems.payment_in_progress,
    ],
    idempotency: 'required',
  })
  void(
    @Param() { id }: InvoiceParams,
    @Body() { reason }: EndInvoiceDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<InvoiceDto> {
    return this.invoices.end(id, 'void', reason, version, actor);
  }

  @Post('invoices/:id/write-off')
  @Permissions('billing:invoice:write')
  @Operation({
    id: 'writeOffInvoice',
    headers: ['ETag'],
    summary: 'Give up the money of an invoice',
    description:
      'What is due of it becomes a loss, `expense:bad_debt`, and the invoice `uncollectible`. Money that comes all the same is ' +
      'taken, and so much of the loss is taken back. A subscription that nobody has paid stays as it is: `past_due` or `unpaid` ' +
      'until something is paid. 409 `billing.invoice_paid_in_part` while a credit of a change waits for the ' +
      'next invoice of its subscription.',
    answers: { 200: InvoiceDto },
    problems: [
      platformProblems.not_found,
      platformProblems.stale_version,
      invoiceProblems.invoice_not_open,
      invoiceProblems.invoice_paid_in_part,
    ],
    idempotency: 'required',
  })
  writeOff(
    @Param() { id }: InvoiceParams,
    @Body() { reason }: EndInvoiceDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<InvoiceDto> {
    return this.invoices.end(id, 'uncollectible', reason, version, actor);
  }

  @Get('invoice-register')
  @Operation({
    id: 'listInvoiceRegister',
    summary: 'List every number that was given to a document',
    description:
      'Series by series, without a gap: a number is taken in the transaction that finalises its document. Void invoices stay in ' +
      'it, with the reason. Series of stores that are not in production begin with `test:`.',
    answers: { 200: PageOf(RegisterEntryDto) },
    problems: [platformProblems.invalid_cursor],
  })
  register(@Query() query: RegisterQuery): Promise<Page<RegisterEntryDto>> {
    return this.invoices.register(query);
  }
}
