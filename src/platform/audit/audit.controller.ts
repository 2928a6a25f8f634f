import { Readable } from 'node:stream';
import { Controller, Get, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Permissions } from '../access/access.js';
import { Operation } from '../http/operation.js';
import { Cursors, type Page, PageOf } from '../http/page.js';
import { AuditChain } from './audit-chain.js';
import { AuditEntryDto, AuditFilterQuery, AuditIntegrityDto, AuditQuery } from './audit.dto.js';
import { AuditReader } from './audit.reader.js';

/** Who did what, and the proof that nobody changed it. */
@Controller('v1/admin/audit')
@Permissions('platform:audit:read')
@ApiTags('Audit')
export class AuditController {
  constructor(
    private readonly trail: AuditReader,
    private readonly chain: AuditChain,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Operation({
    id: 'listAuditEntries',
    summary: 'Lists who did what, newest first',
    description: 'Entries are written in the transaction of what was done, and never change.',
    answers: { 200: PageOf(AuditEntryDto) },
  })
  async list(@Query() { limit, cursor, ...filter }: AuditQuery): Promise<Page<AuditEntryDto>> {
    const list = `audit:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.trail.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((row) => AuditEntryDto.from(row)) };
  }

  @Get('export')
  @Operation({
    id: 'exportAuditEntries',
    summary: 'Sends the trail whole, one entry per line, newest first',
    description: 'Lines are what the list answers. It is sent as it is read, however long it is.',
    answers: { 200: { contentType: 'application/x-ndjson', description: 'One entry per line.' } },
  })
  export(@Query() filter: AuditFilterQuery, @Res({ passthrough: true }) reply: FastifyReply): StreamableFile {
    void reply.header('content-disposition', 'attachment; filename="audit.ndjson"');
    return new StreamableFile(Readable.from(this.lines(filter)), { type: 'application/x-ndjson' });
  }

  @Get('integrity')
  @Operation({
    id: 'verifyAudit',
    summary: 'Recomputes every seal of the trail',
    description: 'It reads the whole trail: `npm run verify-audit` does the same from a shell.',
    answers: { 200: AuditIntegrityDto },
  })
  verify(): Promise<AuditIntegrityDto> {
    return this.chain.verify();
  }

  private async *lines(filter: AuditFilterQuery): AsyncGenerator<string> {
    for await (const row of this.trail.every(filter)) yield `${JSON.stringify(AuditEntryDto.from(row))}\n`;
  }
}
