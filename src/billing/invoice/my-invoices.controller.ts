import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { InvoiceParams } from './invoice.dto.js';
import { MyInvoiceDetailDto, MyInvoiceDto } from './my-invoice.dto.js';
import { MyInvoices } from './my-invoices.service.js';

@ApiTags('Invoices')
@Controller('v1/me/invoices')
@Permissions('account:self')
export class MyInvoicesController {
  constructor(private readonly invoices: MyInvoices) {}

  @Get()
  @Operation({
    id: 'listMyInvoices',
    summary: 'My invoices',
    description: 'The newest first, each with the credit notes that took something off it since.',
    answers: { 200: PageOf(MyInvoiceDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@CurrentActor() { id }: PersonActor, @Query() query: PageQuery): Promise<Page<MyInvoiceDto>> {
    return this.invoices.list(id, query.limit, query.cursor);
  }

  @Get(':id')
  @Operation({
    id: 'getMyInvoice',
    summary: 'One of my invoices',
    description: 'With all that is printed on it.',
    answers: { 200: MyInvoiceDetailDto },
    problems: [platformProblems.not_found],
  })
  get(@CurrentActor() actor: PersonActor, @Param() { id }: InvoiceParams): Promise<MyInvoiceDetailDto> {
    return this.invoices.get(actor.id, id);
  }
}
