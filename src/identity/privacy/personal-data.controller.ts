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
import { EraseGuestDto, ErasureDto, ExportDto, ExportGuestDto, PrivacyParams } from './privacy.dto.js';

const { not_found, conflict } = platformProblems;

/** People who bought without an account ask too; whoever reads the mail of an address may have what belongs to it. */
@Controller('v1/admin/personal-data')
@ApiTags('Personal data')
export class PersonalDataController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
    private readonly reader: ErasureReader,
  ) {}

  @Post('exports')
  @Permissions('identity:customer:export')
  @Operation({
    id: 'exportDataOfAddress',
    summary: 'Asks for a copy of what is kept about the owner of an address',
    description:
      'For people who bought as guests: the link is mailed to that address alone, also when nothing is known about it. ' +
      'Of an address with an account it is the copy of that customer.',
    answers: { 202: ExportDto },
    problems: [not_found, conflict],
    idempotency: 'accepted',
  })
  ask(@Body() { email }: ExportGuestDto, @CurrentActor() actor: Actor): Promise<ExportDto> {
    return this.exports.askForAddress(email, actor);
  }

  @Get('exports/:id')
  @Permissions('identity:customer:export')
  @Operation({
    id: 'getExportOfAddress',
    summary: 'How far the copy for a guest is',
    description: 'Those of customers are in their own lists.',
    answers: { 200: ExportDto },
    problems: [not_found],
  })
  export(@Param() { id }: PrivacyParams): Promise<ExportDto> {
    return this.exports.get(id, id);
  }

  @Post('erasures')
  @Permissions('identity:customer:erase')
  @Fresh()
  @Operation({
    id: 'eraseDataOfAddress',
    summary: 'Erases what is known about the owner of an address',
    description:
      'For people who bought as guests: the address is told, and after 14 days its orders and payments are kept without ' +
      'name, address, e-mail and telephone, and its carts are deleted. Of an address with an account it is the erasure ' +
      'of that customer.',
    answers: { 202: ErasureDto },
    problems: [not_found, conflict, identityProblems.staff_account],
    idempotency: 'accepted',
  })
  async erase(@Body() { email, reason }: EraseGuestDto, @CurrentActor() actor: Actor): Promise<ErasureDto> {
    return shownErasure(await this.erasures.askForAddress(email, reason, actor));
  }

  @Get('erasures')
  @Permissions('identity:customer:erase')
  @Operation({
    id: 'listErasures',
    summary: 'Lists erasures, of customers and guests',
    description:
      'The newest first, with what they wait for. A finished one says nothing about who it was but a former id.',
    answers: { 200: PageOf(ErasureDto) },
  })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<ErasureDto>> {
    return this.reader.page(limit, cursor);
  }

  @Get('erasures/:id')
  @Permissions('identity:customer:erase')
  @Operation({
    id: 'getErasure',
    summary: 'How far an erasure is',
    description: 'Of a customer or a guest, by the id of the erasure itself.',
    answers: { 200: ErasureDto },
    problems: [not_found],
  })
  get(@Param() { id }: PrivacyParams): Promise<ErasureDto> {
    return this.reader.get(id);
  }

  @Delete('erasures/:id')
  @Permissions('identity:customer:erase')
  @Operation({
    id: 'cancelErasure',
    summary: 'Takes an erasure back',
    description: 'As long as nothing was erased; afterwards 409 `identity.erasure_started`.',
    answers: { 204: null },
    problems: [not_found, identityProblems.erasure_started],
  })
  async cancel(@Param() { id }: PrivacyParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.erasures.cancelById(id, actor);
  }
}
