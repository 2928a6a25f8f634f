import { Readable } from 'node:stream';
import { Controller, Get, Headers, Logger, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { matches } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { MediaFileService } from './media-file.service.js';

/** Pictures as browsers load them. An address has one content for ever. */
@Controller('v1/media')
@Public()
@ApiTags('Media')
export class MediaFileController {
  private readonly log = new Logger('media');

  constructor(private readonly files: MediaFileService) {}

  @Get(':id/:rendition')
  @ApiParam({ name: 'rendition', example: '480.webp', description: 'Of `renditions` of a product.' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'The `ETag` that you have; 304 when it is still the same.',
  })
  @Operation({
    id: 'getPicture',
    headers: ['ETag'],
    summary: 'Loads a size of a picture',
    description:
      'Addresses stand in `media` of products: do not put them together yourself. What an address has ' +
      'shown once it shows for ever (`Cache-Control: immutable`), so browsers and CDNs need not ask again; ' +
      '404 once the picture is deleted.',
    answers: { 200: { contentType: 'image/*', description: 'The picture: WebP, JPEG or PNG.' } },
    problems: [platformProblems.not_found],
  })
  async picture(
    @Param('id') id: string,
    @Param('rendition') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable | undefined> {
    const { contentType, bytes, digest } = await this.files.find(id, name);
    const etag = `"${digest}"`;
    const isKnown = matches(known, etag);
    // For HEAD an empty stream: of nothing at all Fastify would say that it is 0 bytes long.
    const open = () => (request.method === 'HEAD' ? Readable.from([]) : this.files.open(id, name));
    const body = isKnown ? undefined : await open();
    void reply.headers({
      etag,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'",
    });
    if (isKnown) {
      void reply.code(304);
      return undefined;
    }
    void reply.headers({ 'content-type': contentType, 'content-length': bytes });
    // The head is sent by then: all that is left is to hang up, so that nobody takes half a picture for a whole one.
    body?.once('error', (error) => {
      this.log.warn({ err: error, media: id }, 'a picture could not be sent to its end');
      reply.raw.destroy();
    });
    return body;
  }
}
