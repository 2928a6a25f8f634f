import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LimboDto, LimboQuery } from './limbo.dto.js';
import { Limbo } from './limbo.service.js';

const LimboPage = PageOf(LimboDto);

/** Every amount that is neither here nor there, for staff. */
@ApiTags('Payments')
@Permissions('billing:payment:read')
@Controller('v1/admin/payments/limbo')
export class LimboController {
  constructor(private readonly limbo: Limbo) {}

  @Get()
  @Operation({
    id: 'listMoneyInLimbo',
    summary: 'List the money whose truth is not settled, the oldest first',
    description:
      'Calls without an outcome, refunds on their way, money that nobody owed, payments that wait for a decision, notices that ' +
      'nobody can place, open disputes, holds that end within a day, and money that no document has taken for a day, or ' +
      'that has to be paid back by hand. Each with its age, when it is looked at by itself, and the operation that settles it. An empty list says that every cent is ' +
      'where the books say.',
    answers: { 200: LimboPage },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: LimboQuery): Promise<Page<LimboDto>> {
    return this.limbo.list(query);
  }
}
