import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, Param, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  CodeDto,
  CodeFilter,
  CodeParams,
  CodeQuery,
  CreateCodeDto,
  GenerateCodesDto,
  GeneratedCodesDto,
  UpdateCodeDto,
} from './code.dto.js';
import { CodeService } from './code.service.js';
import { codeView } from './promotion.view.js';
import { PromotionParams } from './promotion.dto.js';
import { promotionProblems } from './promotion.errors.js';
import { foldCode } from './promotion.js';

const { not_found, stale_version } = platformProblems;
const { promotion_code_taken, promotion_without_codes } = promotionProblems;

@Controller('v1/admin/promotions/:id')
@ApiTags('Promotions')
@Permissions('ordering:promotion:write')
export class CodeController {
  constructor(
    private readonly codes: CodeService,
    private readonly cursors: Cursors,
  ) {}

  @Get('codes')
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'listPromotionCodes',
    summary: 'Lists the codes of a promotion',
    description:
      'The newest first, by `status`, by those that were generated together, or by how they begin.',
    answers: { 200: PageOf(CodeDto) },
    problems: [not_found],
  })
  async list(@Param() { id }: PromotionParams, @Query() query: CodeQuery): Promise<Page<CodeDto>> {
    const { status = null, batchId = null, q, cursor, limit } = query;
    const start = q === undefined ? null : foldCode(q);
    const name = `promotion-codes:${id}:${status}:${batchId}:${start}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.codes.list(id, { status, batchId, start }, after as string | null, limit + 1);
    return this.cursors.page(name, rows.map(codeView), limit, (code) => [code.id]);
  }

  @Get('codes.csv')
  @Header('cache-control', 'no-store')
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'downloadPromotionCodes',
    summary: 'Downloads the codes of a promotion',
    description:
      'A CSV with a row for each: `code`, `status`, `uses`, `limit_total`, `limit_per_customer`, `ends_at`, `created_at`. ' +
      'All of them, or those that were generated together.',
    answers: { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } },
    problems: [not_found],
  })
  async csv(
    @Param() { id }: PromotionParams,
    @Query() { status, batchId }: CodeFilter,
  ): Promise<StreamableFile> {
    const wanted = { status: status ?? null, batchId: batchId ?? null, start: null };
    const rows = await this.codes.csv(id, wanted);
    return new StreamableFile(Readable.from(rows), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="promotion-codes-${id}.csv"`,
    });
  }

  @Post('codes')
  @Operation({
    id: 'createPromotionCode',
    example: { code: 'SUMMER10', limitPerCustomer: 1 },
    headers: ['ETag'],
    summary: 'Adds a code to a promotion',
    description:
      'Shoppers may write it in either case. Its limits hold beside those of the promotion: the narrower counts. 409 when ' +
      'the code is taken, by whichever promotion, or when the promotion applies by itself.',
    answers: { 201: CodeDto },
    problems: [not_found, promotion_code_taken, promotion_without_codes],
    idempotency: 'accepted',
  })
  async create(
    @Param() { id }: PromotionParams,
    @Body() input: CreateCodeDto,
    @CurrentActor() actor: Actor,
  ): Promise<CodeDto> {
    return codeView(await this.codes.create(id, input, actor));
  }

  @Post('codes/batches')
  @Operation({
    id: 'generatePromotionCodes',
    example: { count: 500, prefix: 'SUMMER-', length: 10 },
    summary: 'Makes many codes at once',
    description:
      'Up to 10,000 in one request, each different from all others, all or none. Each is good once, unless `limitTotal` says ' +
      'otherwise. Read them with `GET …/codes?batchId=` or as a file with `GET …/codes.csv?batchId=`.',
    answers: { 201: GeneratedCodesDto },
    problems: [not_found, promotion_without_codes],
    idempotency: 'accepted',
  })
  generate(
    @Param() { id }: PromotionParams,
    @Body() input: GenerateCodesDto,
    @CurrentActor() actor: Actor,
  ): Promise<GeneratedCodesDto> {
    return this.codes.generate(id, input, actor);
  }

  @Patch('codes/:codeId')
  @Operation({
    id: 'updatePromotionCode',
    example: { status: 'disabled' },
    headers: ['ETag'],
    summary: 'Changes a code',
    description:
      'Disables it or makes it good again; changes its limits. What is left out stays, null takes a limit away. Orders that ' +
      'wait for their money keep their price.',
    answers: { 200: CodeDto },
    problems: [not_found, stale_version],
  })
  async update(
    @Param() { id, codeId }: CodeParams,
    @Body() input: UpdateCodeDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<CodeDto> {
    return codeView(await this.codes.update(id, codeId, input, version, actor));
  }
}
