import { Controller, Get, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { sendFile } from '../../platform/http/ready-file.js';
import { InvoiceParams } from '../invoice/invoice.dto.js';
import { DocumentQuery } from './document.dto.js';
import { documentProblems } from './document.errors.js';
import { Documents } from './documents.service.js';

const problems = [platformProblems.not_found, documentProblems.no_e_invoice];
const answers = { 200: { contentType: '*/*', description: 'The document, as an attachment.' } };

/** Invoices and credit notes as files, for who has bought. */
@ApiTags('Invoices')
@Controller('v1/me')
@Permissions('account:self')
export class MyDocumentController {
  constructor(private readonly documents: Documents) {}

  @Get('invoices/:id/document')
  @Operation({
    id: 'getMyInvoiceDocument',
    headers: ['ETag'],
    summary: 'One of my invoices as a file',
    description: 'The same bytes each time: send the `ETag` as `If-None-Match` and get 304.',
    answers,
    problems,
  })
  async invoice(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: InvoiceParams,
    @Query() { format = 'pdf' }: DocumentQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    const drawn = await this.documents.ofCustomer(actor.id, { kind: 'invoice', id, format });
    return sendFile(drawn, request, reply);
  }

  @Get('credit-notes/:id/document')
  @Operation({
    id: 'getMyCreditNoteDocument',
    headers: ['ETag'],
    summary: 'A credit note for one of my invoices as a file',
    description: 'Its id is with the invoice; the same bytes each time.',
    answers,
    problems,
  })
  async creditNote(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: InvoiceParams,
    @Query() { format = 'pdf' }: DocumentQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    const drawn = await this.documents.ofCustomer(actor.id, { kind: 'credit_note', id, format });
    return sendFile(drawn, request, reply);
  }
}
