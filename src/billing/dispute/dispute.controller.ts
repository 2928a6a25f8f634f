import { Controller, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { DisputeDto, DisputeQuery } from './dispute.dto.js';
import { StaffDisputes } from './staff-disputes.service.js';

const DisputePage = PageOf(DisputeDto);

/** Disputes, for staff. */
@ApiTags('Payments')
@Permissions('billing:payment:read')
@Controller('v1/admin/disputes')
export class DisputeController {
  constructor(private readonly disputes: StaffDisputes) {}

  @Get()
  @Operation({
    id: 'listDisputes',
    summary: 'List disputes, newest first',
    description:
      'Payments that a bank has taken back for its customer. Filter by payment, order or status. They are answered at the ' +
      'gateway, under `gatewayRef` and until `evidenceDueAt`; what it decides is taken in by itself.',
    answers: { 200: DisputePage },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: DisputeQuery): Promise<Page<DisputeDto>> {
    return this.disputes.list(query);
  }

  @Get(':id')
  @Operation({
    id: 'getDispute',
    summary: 'Read a dispute',
    description:
      'While it is `open` nothing of its payment can be refunded. `won`: the money is with the shop again; `lost`: it is ' +
      'gone, and what is left of the payment is all that can be refunded. Of an order that was canceled, or a payment that was ' +
      'refused, either goes back by itself then.',
    answers: { 200: DisputeDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<DisputeDto> {
    return this.disputes.get(id);
  }
}
