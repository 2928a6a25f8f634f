import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { DeferredRevenueDto, DeferredRevenueQuery } from './deferred-revenue.dto.js';
import { DeferredRevenue } from './deferred-revenue.service.js';

/** What was charged and is not earned yet, for staff. */
@ApiTags('Ledger')
@Permissions('billing:ledger:read')
@Controller('v1/admin/ledger')
export class DeferredRevenueController {
  constructor(private readonly revenue: DeferredRevenue) {}

  @Get('deferred-revenue')
  @Operation({
    id: 'getDeferredRevenue',
    summary: 'Read what is still to be earned',
    description:
      'The days of a subscription are charged with its invoice (`liab:deferred_revenue`) and become income (`income:subscription`) ' +
      'when each of them is over, in the time zone of the seller: `revenue_recognised`, one posting for many lines, with the end of ' +
      'its day in `effectiveAt`. Set-up fees and usage are income at once. For each currency: the balance at the end of `on`, and ' +
      'what of it becomes income in which month as the schedules stand now.',
    answers: { 200: DeferredRevenueDto },
  })
  read(@Query() query: DeferredRevenueQuery): Promise<DeferredRevenueDto> {
    return this.revenue.read(query);
  }
}
