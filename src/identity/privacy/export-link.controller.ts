import { Readable } from 'node:stream';
import { Controller, Get, Header, Param, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicWithoutToken } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ExportDownloadService } from './export-download.service.js';
import { ExportFileDto, ExportLinkParams } from './privacy.dto.js';

/** Where the letter leads. Whoever has the link is who reads the person's mail. */
@Controller('v1/exports')
@ApiTags('Personal data')
export class ExportLinkController {
  constructor(private readonly downloads: ExportDownloadService) {}

  @Get(':token')
  @PublicWithoutToken()
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'no-referrer')
  @Operation({
    id: 'downloadExport',
    summary: 'Downloads a copy of personal data, once',
    description:
      'The link of the letter: it works for 24 hours, and once. A download counts when all of it was handed to the ' +
      'connection; one that breaks off gives the link back, and while one goes on there is no other. 404 for a link ' +
      'that is unknown, used or too old.',
    answers: { 200: ExportFileDto },
    problems: [platformProblems.not_found],
  })
  async download(
    @Param() { token }: ExportLinkParams,
    @Req() { method }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    // Programs that look at links in letters must not use them up.
    if (method !== 'GET') throw platformProblems.method_not_allowed();
    const { text, over } = await this.downloads.open(token);
    reply.raw.once('close', () => void over(reply.raw.writableFinished));
    void reply.header('content-disposition', 'attachment; filename="personal-data.json"');
    return new StreamableFile(Readable.from(text), { type: 'application/json; charset=utf-8' });
  }
}
