import { Controller, Get, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { sendFile } from '../../platform/http/ready-file.js';
import { InvoiceParams } from '../invoice/invoice.dto.js';
import { DocumentQuery } from './document.dto.js';
import { documentProblems } from './document.errors.js';
import { Documents } from './documents.service.js';

const problems = [platformProblems.not_found, documentProblems.no_e_invoice];
const answers = { 200: { contentType: '*/*', description: 'The document, as an attachment.' } };

/** Invoices and credit notes as files, for staff. */
@ApiTags('Invoices')
@Controller('v1/admin')
@Permissions('billing:invoice:read')
export class DocumentController {
  constructor(private readonly documents: Documents) {}

  @Get('invoices/:id/document')
  @Operation({
    id: 'getInvoiceDocument',
    headers: ['ETag'],
    summary: 'An invoice as a file',
    description:
      'Drawn from its frozen content when it is asked for, the same bytes each time: send the `ETag` as `If-None-Match`. A draft ' +
      'is a pro-forma invoice without a number. On paper are Latin, Greek, Cyrillic, Hebrew and Arabic letters; of scripts that the ' +
      'font has not, such as Chinese ones, there are empty boxes, and the e-invoice has them as they are.',
    answers,
    problems,
  })
  async invoice(
    @Param() { id }: InvoiceParams,
    @Query() { format = 'pdf' }: DocumentQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return sendFile(await this.documents.draw({ kind: 'invoice', id, format }), request, reply);
  }

  @Get('credit-notes/:id/document')
  @Operation({
    id: 'getCreditNoteDocument',
    headers: ['ETag'],
    summary: 'A credit note as a file',
    description: 'As an invoice is, see `GET /v1/admin/invoices/{id}/document`.',
    answers,
    problems,
  })
  async creditNote(
    @Param() { id }: InvoiceParams,
    @Query() { format = 'pdf' }: DocumentQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return sendFile(await this.documents.draw({ kind: 'credit_note', id, format }), request, reply);
  }
}
