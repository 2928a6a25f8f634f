import { Controller, Get, Header, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import { pickListCsv } from './pick-list.csv.js';
import { PickListDto, PickListQuery } from './pick-list.dto.js';
import { PickLists } from './pick-list.service.js';

@ApiTags('Fulfilments')
@Controller('/v1/admin')
@Permissions('ordering:order:read')
export class PickListController {
  constructor(private readonly lists: PickLists) {}

  @Get('pick-list')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getPickList',
    summary: 'What to pick at a location now',
    description:
      'Each variant once, with the orders that it is for, the oldest promise first: what is planned there and not packed, and ' +
      'what of orders that nobody has planned yet would leave from there. Of bundles their parts. Not on it: orders whose payment ' +
      'is not secured or on its way back, and what was sold ahead of a day that has not come. What nobody counts is on the ' +
      'list of the location that the rest of the order leaves from, or of every one.',
    answers: { 200: PickListDto },
    problems: [fulfilmentProblems.unknown_location],
  })
  get(@Query() { location }: PickListQuery): Promise<PickListDto> {
    return this.lists.of(location);
  }

  @Get('pick-list.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getPickListAsCsv',
    summary: 'The pick list for a spreadsheet or a printer',
    description:
      'The list of `GET /v1/admin/pick-list`, a row for each variant with its orders in one cell (`1001 × 2; 1004 × 1 (engraving: For Grace)`). Cells that ' +
      'a spreadsheet would run have an apostrophe before them.',
    answers: { 200: { contentType: 'text/csv', description: 'The list.' } },
    problems: [fulfilmentProblems.unknown_location],
  })
  async csv(@Query() { location }: PickListQuery): Promise<StreamableFile> {
    const bytes = Buffer.from(pickListCsv(await this.lists.of(location)));
    const disposition = 'attachment; filename="pick-list.csv"';
    return new StreamableFile(bytes, { type: 'text/csv; charset=utf-8', disposition, length: bytes.length });
  }
}
