import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  Header,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { sendEvents } from '../../platform/http/event-stream.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { ProductExportDto, ExportPageQuery, StartExportDto } from './export.dto.js';
import { exportProblems } from './export.errors.js';
import { ExportService } from './export.service.js';

@ApiTags('Exports')
@Controller('v1/admin/exports')
@Permissions('catalog:product:read')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  @Post()
  @Operation({
    id: 'startExport',
    location: '/v1/admin/exports/{id}',
    example: { format: 'csv', filter: { status: 'published' } },
    summary: 'Export products into a file',
    description:
      'In the background: 202 means that it will be written. Poll `GET /v1/admin/exports/{id}` or listen to ' +
      '`/progress` until `state` is `finished`, then load `/file` within 24 hours.\n\n' +
      '- `ndjson` and `csv` are our own, and what `POST /v1/admin/imports` takes: a file that comes back as it is ' +
      'changes nothing, and the next export of the same products is the same to the byte. Not in them, and to be ' +
      'taken along by other calls: what bundles are made of, selling terms (preorders, subscriptions, quantities), ' +
      'translations, prices of price lists and their past, files of digital goods, collections and reviews.\n' +
      '- `shopify_csv` has the columns of Shopify, prices of one currency and the stock of the location `main`; digital goods and ' +
      'gift cards as what requires no shipping. Products without a variant that is sold in that currency are left ' +
      'out and counted as `skipped`.\n' +
      '- `merchant_feed` is RSS 2.0 for Google Merchant, of published products. Feeds that are fetched by ' +
      'themselves: `POST /v1/admin/feeds`.\n\n' +
      'Cells that a spreadsheet would run (`=`, `+`, `-`, `@` or a tab at the start) have an apostrophe before them, ' +
      'which an import takes away again. Every product is whole as it was at one moment; products may be of ' +
      'moments that are seconds apart.',
    answers: { 202: ProductExportDto },
    problems: [catalogProblems.unknown_category],
    idempotency: 'accepted',
  })
  start(@Body() input: StartExportDto, @CurrentActor() actor: Actor): Promise<ProductExportDto> {
    return this.exports.start(input, actor);
  }

  @Get()
  @Operation({
    id: 'listExports',
    summary: 'List exports, the newest first',
    description: 'With their state and counts, also when their file is gone.',
    answers: { 200: PageOf(ProductExportDto) },
  })
  list(@Query() query: ExportPageQuery): Promise<Page<ProductExportDto>> {
    return this.exports.list(query.limit, query.cursor);
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getExport',
    summary: 'How far an export is',
    description:
      '`state` goes from `pending` over `running` to `finished`, `failed` (see `failure`) or `canceled`, and a day ' +
      'later to `expired`. `counts` grow meanwhile.',
    answers: { 200: ProductExportDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<ProductExportDto> {
    return this.exports.get(id);
  }

  @Get(':id/progress')
  @Operation({
    id: 'watchExport',
    summary: 'Tells how far an export is, as it goes',
    description:
      'Server-sent events: `progress` with what `GET /v1/admin/exports/{id}` answers as its data, when it changes and ' +
      'at most once a second. The stream ends with the export, and when the server stops or ten minutes are over: then ' +
      'ask again. Whoever sends `Last-Event-ID: end` gets 204, so that an `EventSource` stops by itself. Works ' +
      'whichever process does the work. 503 when too many are listening.',
    answers: {
      200: { contentType: 'text/event-stream', description: 'The events.' },
      204: null,
    },
    problems: [platformProblems.not_found, platformProblems.unavailable],
  })
  async progress(
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable | undefined> {
    const now = await this.exports.get(id);
    return sendEvents(request, reply, () => this.exports.listen(now));
  }

  @Get(':id/file')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'downloadExportFile',
    headers: ['ETag'],
    summary: 'Downloads the file of an export',
    description:
      'With `Content-Length`, so that a download that broke off is noticed. 409 `catalog.export_not_ready` before ' +
      'it is finished, and when it has expired.',
    answers: { 200: { contentType: '*/*', description: 'The file: NDJSON, CSV or XML.' } },
    problems: [platformProblems.not_found, exportProblems.export_not_ready],
  })
  async file(
    @Param('id', ParseUUIDPipe) id: string,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const { contentType, name, bytes, etag, open } = await this.exports.download(id, actor);
    void reply.headers({ etag, 'content-length': bytes, 'x-content-type-options': 'nosniff' });
    void reply.header('content-disposition', `attachment; filename="${name}"`);
    const body = request.method === 'HEAD' ? Readable.from([]) : open();
    // The head is sent by then: all that is left is to hang up, so that nobody takes half a file for a whole one.
    body.once('error', () => reply.raw.destroy());
    return new StreamableFile(body, { type: contentType });
  }

  @Post(':id/cancellation')
  @Operation({
    id: 'cancelExport',
    summary: 'Cancel an export',
    description: 'What is written of it goes. 409 `catalog.export_over` when it had ended before.',
    answers: { 200: ProductExportDto },
    problems: [platformProblems.not_found, exportProblems.export_over],
  })
  cancel(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<ProductExportDto> {
    return this.exports.cancel(id, actor);
  }
}
