import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { shownClosing } from './erasure-reader.service.js';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';
import { ClosingDto, ExportDto, PrivacyParams } from './privacy.dto.js';

/** One's own data: a copy of it, and its end. */
@Controller('v1/me')
@Permissions('account:self')
@ApiTags('Personal data')
export class MePrivacyController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
  ) {}

  @Delete()
  @Fresh()
  @Operation({
    id: 'closeMyAccount',
    summary: 'Closes my account and erases what is known about me',
    description:
      'Signs out everywhere and tells the owner by mail. For 14 days signing in takes it back; then the account and ' +
      'all that hangs on it is erased for good. Orders and payments stay for the books, without name, address, ' +
      'e-mail and telephone. `hindrances` are things that have to be finished first, such as a parcel that is not ' +
      'sent: as long as there are any it is put off from day to day. The address can be registered again ' +
      'afterwards; it is a new account without the old orders.\n\n' +
      'Accounts of staff are not closed this way: 409 `identity.staff_account`.',
    answers: { 202: ClosingDto },
    problems: [identityProblems.staff_account],
  })
  async close(@CurrentActor() actor: PersonActor): Promise<ClosingDto> {
    return shownClosing(await this.erasures.askByOwner(actor));
  }

  @Post('exports')
  @Fresh()
  @Operation({
    id: 'exportMyData',
    summary: 'Asks for a copy of all that is kept about me',
    description:
      'It is collected in the background. When it is ready a link is mailed to the address of the account; it gives ' +
      'one JSON file, works once and for 24 hours. While one is under way asking again answers the same.',
    answers: { 202: ExportDto },
    problems: [platformProblems.conflict],
    idempotency: 'accepted',
  })
  ask(@CurrentActor() actor: PersonActor): Promise<ExportDto> {
    return this.exports.ask(actor.id, actor);
  }

  @Get('exports')
  @InPerson()
  @Operation({
    id: 'listMyExports',
    summary: 'Lists the copies that were made of my data',
    description:
      'The newest first, those that staff have asked for as well. The link is nowhere but in the letter.',
    answers: { 200: PageOf(ExportDto) },
  })
  list(@Query() { limit, cursor }: PageQuery, @CurrentActor() actor: PersonActor): Promise<Page<ExportDto>> {
    return this.exports.list(actor.id, limit, cursor);
  }

  @Get('exports/:id')
  @InPerson()
  @Operation({
    id: 'getMyExport',
    summary: 'How far a copy of my data is',
    description:
      '`pending` and `running`: it is collected; `ready`: the link was mailed; `downloaded` and `expired`: what was ' +
      'collected is deleted.',
    answers: { 200: ExportDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: PrivacyParams, @CurrentActor() actor: PersonActor): Promise<ExportDto> {
    return this.exports.get(id, actor.id);
  }
}
