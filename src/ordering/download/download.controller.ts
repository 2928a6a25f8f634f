import { Controller, Get, Header, Logger, Param, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HeldByShopper, Public, PublicWithoutToken } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { DownloadLinkParams, DownloadParams, OrderDownloadsDto } from './download.dto.js';
import { downloadProblems } from './download.errors.js';
import { DownloadService } from './download.service.js';
import { OrderDownloads } from './order-downloads.service.js';

@ApiTags('Orders')
@Controller('/v1')
export class DownloadController {
  private readonly log = new Logger('downloads');

  constructor(
    private readonly lists: OrderDownloads,
    private readonly downloads: DownloadService,
  ) {}

  @Get('/orders/:id/downloads')
  @Public()
  @HeldByShopper('ordering:order:read')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'listOrderDownloads',
    summary: 'What can be downloaded of an order',
    description:
      'Every file of its digital lines, as they were sold; of a line that was sold before there was any file, those that are ' +
      'sold with it now, and their days count from when they came. For its customer and for whoever holds the token of its ' +
      'cart each has a `url` that works for a quarter of an hour, once the order is paid; ask again for another one. ' +
      'A link counts as one download however often it is used.',
    answers: { 200: OrderDownloadsDto },
  })
  async list(@Param() { id }: DownloadParams, @CurrentHolder() holder: Holder): Promise<OrderDownloadsDto> {
    return { items: await this.lists.list(id, holder) };
  }

  @Get('/downloads/:token')
  @PublicWithoutToken()
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'no-referrer')
  @Header('x-content-type-options', 'nosniff')
  @Header('content-security-policy', "default-src 'none'; sandbox")
  @Operation({
    id: 'downloadFile',
    summary: 'Downloads a file that was bought',
    description:
      'The `url` of `GET /v1/orders/{id}/downloads`; whoever has it may use it while it lasts. 403 ' +
      '`ordering.download_refused` when the link is too old or nothing may be downloaded any more, 404 for a link that ' +
      'we did not make.',
    answers: { 200: { contentType: '*/*', description: 'The file, as an attachment.' } },
    problems: [platformProblems.not_found, downloadProblems.download_refused],
  })
  async download(
    @Param() { token }: DownloadLinkParams,
    @Req() { method }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    // Programs that only look at links must not use up a download.
    if (method !== 'GET') throw platformProblems.method_not_allowed();
    const { file, bytes } = await this.downloads.open(token);
    bytes.once('error', (error) => {
      // The head is sent by then: all that is left is to hang up, so that nobody takes half a file for a whole one.
      this.log.warn({ err: error, file: file.id }, 'a file could not be sent to its end');
      reply.raw.destroy();
    });
    void reply.header('content-disposition', attachment(file.name)).header('accept-ranges', 'none');
    return new StreamableFile(bytes, { type: file.contentType, length: file.bytes });
  }
}

/** RFC 6266: a name that every program reads, and the real one for those that read more than ASCII. */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const real = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${real}`;
}
