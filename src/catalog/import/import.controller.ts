import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Header,
  type OnModuleInit,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { sendEvents } from '../../platform/http/event-stream.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ImportDto, ImportErrorDto, ImportPageQuery, StartImportQuery } from './import.dto.js';
import { importProblems } from './import.errors.js';
import { ImportService } from './import.service.js';

const PATH = 'v1/admin/imports';
const FORMATS: Record<string, 'ndjson' | 'csv'> = { 'application/x-ndjson': 'ndjson', 'text/csv': 'csv' };

@ApiTags('Imports')
@Controller(PATH)
@Permissions('catalog:import:write')
export class ImportController implements OnModuleInit {
  constructor(
    private readonly imports: ImportService,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** Files are handed on as streams, and only here: everywhere else these types stay unsupported. */
  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addContentTypeParser(Object.keys(FORMATS), (request, payload, done) => {
      if (request.routeOptions.url === `/${PATH}`) done(null, payload);
      else done(Object.assign(new Error('unsupported'), { statusCode: 415 }));
    });
  }

  @Post()
  @ApiConsumes(...Object.keys(FORMATS))
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @Operation({
    id: 'startImport',
    location: '/v1/admin/imports/{id}',
    example: {
      'application/x-ndjson':
        '{"externalId":"mug-1","title":"Mug","status":"published","variants":[{"sku":"MUG-1","prices":[{"amount":1200,"currency":"EUR"}],"stock":[{"location":"main","onHand":20}]}]}\n',
      'text/csv':
        'Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\nmug-blue,Blue mug,MUG-2,12.00,20\n',
    },
    summary: 'Import products from a file',
    description:
      'The body is the file itself, at most 1 GiB: NDJSON of our own (`application/x-ndjson`: one ' +
      'product per line, as in `POST /v1/admin/products`, with `externalId`; categories that do not ' +
      'exist are made), our CSV or a product CSV as Shopify exports it (`text/csv`; the header tells which, and ' +
      'whether `,`, `;` or tabs stand between the cells). What `POST /v1/admin/exports` writes comes in again ' +
      'as it is, and changes nothing.\n\n' +
      'Our CSV has a row for each variant; rows of a product stand together, and the first describes it: `id`, ' +
      '`external_id`, `handle`, `title`, `description`, `brand`, `status`, `tax_class`, `product_type`, `seo_title`, `seo_description`, `categories` ' +
      '(`bags=Bags|summer`), `attributes` and `metadata` (JSON), `images` (addresses with `|` between, or JSON), ' +
      '`option1_name` to `option3_name`, `option1_values`, `related` (handles with `|` between; those that lead nowhere are passed over); then of the variant `sku`, `variant_title`, ' +
      '`option1_value`, `barcode`, `weight_grams`, `length_mm`, `width_mm`, `height_mm`, `shipping_class` (`none` for none), `cost` (`8.50 EUR`, `none` for none), `backorder_limit`, `retired`, `kind`, `tracks_stock`, ' +
      '`download_limit` and `download_days` (`none` for no limit), `variant_metadata`, `variant_image`, `price_EUR` and ' +
      '`compare_at_EUR` (major units, `19.99`; for each currency), `stock_main` (for each location). Needed are ' +
      '`title`, `sku` and one of the three names of a product. A column that is left out changes nothing. An ' +
      'apostrophe before `=`, `+`, `-` or `@` at the start of a cell keeps spreadsheets from running it and is ' +
      'taken away.\n\n' +
      'Of Shopify every generation of headers is known (`Variant Price` and `Price`). What there is no field for ' +
      '(Google Shopping, metafields, cost) stays in `metadata.shopify` and is exported again; prices of ' +
      'markets and other unknown columns are told in `ignoredColumns`.\n\n' +
      'Upserts by external id, in the background: 202 means that the file is kept. Without one, as in a file ' +
      'of Shopify, the handle is the external id. A row whose handle belongs to a product of another or no ' +
      'external id is rejected with `handle_taken`; give that product the external id first if both are the ' +
      'same thing. Only a row of Shopify, which knows no ids, changes a product of its handle that has no external id. ' +
      'Read `GET /v1/admin/imports/{id}` until `state` is `finished`, `failed` or `canceled`; what was ' +
      'wrong with single products stands at `/errors`, and the others are imported all the same.\n\n' +
      'Prices are appended when they differ, stock is adjusted by movements, variants that the file does ' +
      'not name stay, and so do uploaded pictures when the file names none. The same file twice changes nothing. A row that would ' +
      'leave fewer pieces than are promised to orders is rejected with `stock_promised`. `dryRun=true` checks everything and writes ' +
      'nothing.',
    answers: { 202: ImportDto },
    problems: [
      importProblems.import_empty,
      platformProblems.too_large,
      platformProblems.unsupported_media_type,
    ],
  })
  start(
    @Query() query: StartImportQuery,
    @Req() request: FastifyRequest,
    @CurrentActor() actor: Actor,
  ): Promise<ImportDto> {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const format = FORMATS[type];
    if (format === undefined || !(request.body instanceof Readable))
      throw platformProblems.unsupported_media_type(`Send ${Object.keys(FORMATS).join(' or ')}.`);
    const announced = Number(request.headers['content-length'] ?? 0);
    return this.imports.start(format, request.body, announced, query, actor);
  }

  @Get()
  @Operation({
    id: 'listImports',
    summary: 'List imports, the newest first',
    description:
      'With their state and counts. Files are forgotten when their import is over; what it counted stays.',
    answers: { 200: PageOf(ImportDto) },
  })
  list(@Query() query: ImportPageQuery): Promise<Page<ImportDto>> {
    return this.imports.list(query.limit, query.cursor);
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getImport',
    summary: 'How far an import is',
    description:
      'Poll it: `state` goes from `pending` over `running` to `finished`, `failed` (see `failure`) or ' +
      '`canceled`, and `counts` grow meanwhile. `rejected` products are explained at `GET ' +
      '/v1/admin/imports/{id}/errors`.',
    answers: { 200: ImportDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<ImportDto> {
    return this.imports.get(id);
  }

  @Get(':id/progress')
  @Operation({
    id: 'watchImport',
    summary: 'Tells how far an import is, as it goes',
    description:
      'Server-sent events: `progress` with what `GET /v1/admin/imports/{id}` answers as its data, when it changes and ' +
      'at most once a second. The stream ends with the import, and when the server stops or ten minutes are over: then ' +
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
    const now = await this.imports.get(id);
    return sendEvents(request, reply, () => this.imports.listen(now));
  }

  @Get(':id/errors')
  @Operation({
    id: 'listImportErrors',
    summary: 'What is wrong with the rows of a file',
    description:
      'One item for each fault, in the order of the file: the line, the external id, a JSON Pointer (or ' +
      'the column of a CSV) and a `code`. Grows while the import runs; mend these products and send the ' +
      'file again.',
    answers: { 200: PageOf(ImportErrorDto) },
    problems: [platformProblems.not_found],
  })
  errors(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() query: ImportPageQuery,
  ): Promise<Page<ImportErrorDto>> {
    return this.imports.errors(id, query.limit, query.cursor);
  }

  @Get(':id/results')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'downloadImportResults',
    summary: 'Downloads what became of each row',
    description:
      'A CSV with a row for each product of the file, and for one that was rejected a row for each fault: ' +
      '`line`, `external_id`, `outcome` (`created`, `updated`, `unchanged`, `rejected`), `product_id`, `code`, ' +
      '`pointer`, `message`. Of a dry run what would become of it. Kept for 30 days after the end.',
    answers: { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } },
    problems: [platformProblems.not_found],
  })
  async results(
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const rows = await this.imports.results(id);
    void reply.header('content-disposition', `attachment; filename="import-${id}.csv"`);
    return new StreamableFile(rows, { type: 'text/csv; charset=utf-8' });
  }

  @Post(':id/cancellation')
  @Operation({
    id: 'cancelImport',
    summary: 'Cancel an import',
    description:
      'It ends after the chunk that is being written. What is imported stays. 409 `catalog.import_over` ' +
      'when it had ended before.',
    answers: { 200: ImportDto },
    problems: [platformProblems.not_found, importProblems.import_over],
  })
  cancel(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<ImportDto> {
    return this.imports.cancel(id, actor);
  }
}
