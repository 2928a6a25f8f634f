import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { ErasureReader, shownErasure } from './erasure-reader.service.js';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';
import { EraseCustomerDto, ErasureDto, ExportDto, PrivacyParams } from './privacy.dto.js';

const { not_found, conflict } = platformProblems;

/** What customers ask staff for. */
@Controller('v1/admin/customers/:id')
@ApiTags('Personal data')
export class CustomerPrivacyController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
    private readonly reader: ErasureReader,
  ) {}

  @Post('exports')
  @Permissions('identity:customer:export')
  @Operation({
    id: 'exportCustomerData',
    summary: 'Asks for a copy of all that is kept about a customer',
    description:
      'It is collected in the background, and the link is mailed to the customer alone: staff never see it. While one ' +
      'is under way asking again answers the same.',
    answers: { 202: ExportDto },
    problems: [not_found, conflict],
    idempotency: 'accepted',
  })
  ask(@Param() { id }: PrivacyParams, @CurrentActor() actor: Actor): Promise<ExportDto> {
    return this.exports.askFor(id, actor);
  }

  @Get('exports')
  @Permissions('identity:customer:export')
  @Operation({
    id: 'listCustomerExports',
    summary: 'Lists the copies that were made of a customer’s data',
    description: 'The newest first, those that the customer has asked for as well.',
    answers: { 200: PageOf(ExportDto) },
    problems: [not_found],
  })
  list(@Param() { id }: PrivacyParams, @Query() { limit, cursor }: PageQuery): Promise<Page<ExportDto>> {
    return this.exports.listOf(id, limit, cursor);
  }

  @Post('erasure')
  @Permissions('identity:customer:erase')
  @Fresh()
  @Operation({
    id: 'eraseCustomer',
    summary: 'Closes the account of a customer and erases what is known about them',
    description:
      'As `DELETE /v1/me`: the customer is signed out and told, and can take it back for 14 days by signing in. ' +
      '`hindrances` say what has to be finished first. Asked twice, the first one counts. 409 ' +
      '`identity.staff_account` for somebody who works here.',
    answers: { 202: ErasureDto },
    problems: [not_found, conflict, identityProblems.staff_account],
    idempotency: 'accepted',
  })
  async erase(
    @Param() { id }: PrivacyParams,
    @Body() { reason }: EraseCustomerDto,
    @CurrentActor() actor: Actor,
  ): Promise<ErasureDto> {
    return shownErasure(await this.erasures.askFor(id, reason, actor));
  }

  @Get('erasure')
  @Permissions('identity:customer:erase')
  @Operation({
    id: 'getCustomerErasure',
    summary: 'How far the erasure of a customer is',
    description:
      'The latest one. It is there for good, also when the customer is gone: it says that there was somebody with this ' +
      'id, and nothing else.',
    answers: { 200: ErasureDto },
    problems: [not_found],
  })
  get(@Param() { id }: PrivacyParams): Promise<ErasureDto> {
    return this.reader.latest(id);
  }

  @Delete('erasure')
  @Permissions('identity:customer:erase')
  @Operation({
    id: 'cancelCustomerErasure',
    summary: 'Takes the erasure of a customer back',
    description:
      'As long as nothing was erased; afterwards 409 `identity.erasure_started`. The customer is told, and may sign in ' +
      'again.',
    answers: { 204: null },
    problems: [not_found, identityProblems.erasure_started],
  })
  async cancel(@Param() { id }: PrivacyParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.erasures.cancel(id, actor);
  }
}
