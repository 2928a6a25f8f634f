import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { Config } from '../../platform/config.js';
import { etagOfBody, matches } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { demoProduct } from './demo-catalog.js';
import { drawPicture } from './demo-picture.js';

/** Pictures of the demo shop, drawn on demand: nothing is stored and nothing is loaded from elsewhere. */
@Controller('v1/media/demo')
@Public()
@ApiTags('Media')
export class DemoMediaController {
  constructor(private readonly config: Config) {}

  @Get(':file')
  @ApiParam({ name: 'file', example: 'linen-tote.svg' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'The `ETag` that you have; 304 when it is still the same.',
  })
  @Operation({
    id: 'getDemoPicture',
    headers: ['ETag'],
    summary: 'Draws the picture of a demo product',
    description:
      'An SVG, drawn on demand from the name of the product. Only where the demo shop is on; 404 ' +
      'elsewhere.',
    answers: { 200: { contentType: 'image/svg+xml', description: 'The picture.' } },
    problems: [platformProblems.not_found],
  })
  picture(
    @Param('file') file: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | undefined {
    const product = file.endsWith('.svg') ? demoProduct(file.slice(0, -4)) : undefined;
    if (!product || !this.config.demoStore) throw platformProblems.not_found();
    const body = drawPicture(product);
    const etag = etagOfBody(body);
    void reply.header('etag', etag).header('cache-control', 'public, max-age=86400');
    if (matches(known, etag)) {
      void reply.code(304);
      return undefined;
    }
    void reply
      .header('content-type', 'image/svg+xml; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('x-content-type-options', 'nosniff');
    return body;
  }
}
