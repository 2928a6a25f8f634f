import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicWithoutToken } from '../../platform/access/access.js';
import { matches } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { FeedParams } from './feed.dto.js';
import { FeedService } from './feed.service.js';

/** Where feeds are fetched: whoever has the address may. */
@ApiTags('Feeds')
@Controller('v1/feeds/merchant')
@PublicWithoutToken()
export class FeedFileController {
  constructor(private readonly feeds: FeedService) {}

  @Get(':token')
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'The `ETag` that you have; 304 when it is still the same.',
  })
  @Operation({
    id: 'getMerchantFeed',
    headers: ['ETag'],
    summary: 'Loads a feed',
    description:
      'RSS 2.0 with the attributes of Google Merchant: an item for each variant of published products that has a ' +
      'price in the currency of the feed, as the shop shows it to a guest. As of at most an hour ago; 404 for an ' +
      'address that is none, or not any more.',
    answers: { 200: { contentType: 'application/xml', description: 'The feed.' } },
    problems: [platformProblems.not_found, platformProblems.unavailable],
  })
  async feed(
    @Param() { token }: FeedParams,
    @Headers('if-none-match') known: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable | undefined> {
    const { contentType, bytes, etag, open } = await this.feeds.open(token);
    void reply.headers({ etag, 'cache-control': 'private, max-age=300', 'x-robots-tag': 'noindex' });
    if (matches(known, etag)) {
      void reply.code(304);
      return undefined;
    }
    void reply.headers({ 'content-type': contentType, 'content-length': bytes });
    const body = request.method === 'HEAD' ? Readable.from([]) : open();
    // The head is sent by then: all that is left is to hang up, so that nobody takes half a feed for a whole one.
    body.once('error', () => reply.raw.destroy());
    return body;
  }
}
