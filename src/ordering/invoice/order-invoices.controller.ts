import { Controller, Get, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { documentProblems } from '../../billing/billing.api.js';
import { HeldByShopper, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { sendFile } from '../../platform/http/ready-file.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { OrderParams } from '../order/order.dto.js';
import { OrderDocumentParams, OrderDocumentQuery, OrderInvoicesDto } from './order-invoices.dto.js';
import { OrderInvoices } from './order-invoices.service.js';

const problems = [platformProblems.not_found, documentProblems.no_e_invoice];
const answers = { 200: { contentType: '*/*', description: 'The document, as an attachment.' } };

@ApiTags('Invoices')
@Controller('/v1')
export class OrderInvoicesController {
  constructor(private readonly invoices: OrderInvoices) {}

  @Get('/orders/:id/invoices')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'listOrderInvoices',
    summary: 'List the invoices of an order',
    description:
      'For its customer, for whoever holds the token of its cart, and for staff: with the credit notes that took something off ' +
      'them since. An order has its invoice soon after it was placed, and a further one for what a change adds.',
    answers: { 200: OrderInvoicesDto },
  })
  async list(@Param() { id }: OrderParams, @CurrentHolder() holder: Holder): Promise<OrderInvoicesDto> {
    return OrderInvoicesDto.from(await this.invoices.of(id, holder));
  }

  @Get('/orders/:id/invoices/:documentId/document')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'getOrderInvoiceDocument',
    headers: ['ETag'],
    summary: 'An invoice of an order as a file',
    description:
      'For its customer, for whoever holds the token of its cart, and for staff. The same bytes each time: send the `ETag` as ' +
      '`If-None-Match` and get 304.',
    answers,
    problems,
  })
  async invoice(
    @Param() { id, documentId }: OrderDocumentParams,
    @Query() { format = 'pdf' }: OrderDocumentQuery,
    @CurrentHolder() holder: Holder,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    const wish = { kind: 'invoice', id: documentId, format } as const;
    return sendFile(await this.invoices.document(id, holder, wish), request, reply);
  }

  @Get('/orders/:id/credit-notes/:documentId/document')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Operation({
    id: 'getOrderCreditNoteDocument',
    headers: ['ETag'],
    summary: 'A credit note of an order as a file',
    description: 'For its customer, for whoever holds the token of its cart, and for staff.',
    answers,
    problems,
  })
  async creditNote(
    @Param() { id, documentId }: OrderDocumentParams,
    @Query() { format = 'pdf' }: OrderDocumentQuery,
    @CurrentHolder() holder: Holder,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    const wish = { kind: 'credit_note', id: documentId, format } as const;
    return sendFile(await this.invoices.document(id, holder, wish), request, reply);
  }
}
