import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { StaffStoreCredits } from './staff-store-credits.service.js';
import {
  AdjustStoreCreditDto,
  IssueStoreCreditDto,
  StoreCreditDetailDto,
  StoreCreditDto,
  StoreCreditEntryDto,
  StoreCreditParams,
  StoreCreditQuery,
} from './store-credit.dto.js';
import { storeCreditProblems } from './store-credit.errors.js';

/** Store credit, for staff. */
@ApiTags('Store credit')
@Controller('v1/admin/store-credits')
@Permissions('billing:payment:read')
export class StoreCreditAdminController {
  constructor(private readonly credits: StaffStoreCredits) {}

  @Get()
  @Operation({
    id: 'listStoreCredits',
    summary: 'Lists what customers have of credit, the newest first',
    description: 'By customer or by currency; each customer has one of a currency.',
    answers: { 200: PageOf(StoreCreditDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: StoreCreditQuery): Promise<Page<StoreCreditDto>> {
    return this.credits.list(query);
  }

  @Get(':id')
  @Operation({
    id: 'getStoreCredit',
    summary: 'Shows the credit of a customer in one currency',
    description:
      'With what of it ends one day. What has ended leaves the balance within a minute, and is not spent before that.',
    answers: { 200: StoreCreditDetailDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: StoreCreditParams): Promise<StoreCreditDetailDto> {
    return this.credits.get(id);
  }

  @Get(':id/entries')
  @Operation({
    id: 'listStoreCreditEntries',
    summary: 'Lists all that a balance went through, the newest first',
    description: 'Only ever added to; the amounts add up to the balance.',
    answers: { 200: PageOf(StoreCreditEntryDto) },
    problems: [platformProblems.not_found, platformProblems.invalid_cursor],
  })
  entries(@Param() { id }: StoreCreditParams, @Query() query: PageQuery): Promise<Page<StoreCreditEntryDto>> {
    return this.credits.entries(id, query);
  }

  @Post()
  @Permissions('billing:store-credit:write')
  @Operation({
    id: 'issueStoreCredit',
    location: '/v1/admin/store-credits/{id}',
    summary: 'Gives a customer store credit',
    description:
      'For a reason, and without a payment: it stands in the books as an expense. The customer spends it at checkouts, ' +
      '`storeCredit` of `POST /v1/carts/{id}/checkout`, until `expiresAt` when there is one.',
    answers: { 201: StoreCreditDetailDto },
    idempotency: 'required',
  })
  issue(@Body() input: IssueStoreCreditDto, @CurrentActor() actor: Actor): Promise<StoreCreditDetailDto> {
    return this.credits.issue(input, actor);
  }

  @Post(':id/adjustments')
  @Permissions('billing:store-credit:write')
  @Operation({
    id: 'adjustStoreCredit',
    summary: 'Puts a balance right',
    description:
      'By an amount, below zero to take back, for a reason. 409 when the balance would fall below zero; an entry that ' +
      'stands is never changed.',
    answers: { 201: StoreCreditDetailDto },
    problems: [platformProblems.not_found, storeCreditProblems.store_credit_too_low],
    idempotency: 'required',
  })
  adjust(
    @Param() { id }: StoreCreditParams,
    @Body() input: AdjustStoreCreditDto,
    @CurrentActor() actor: Actor,
  ): Promise<StoreCreditDetailDto> {
    return this.credits.adjust(id, input, actor);
  }
}
