import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  type OnModuleInit,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { MediaPageQuery, UpdateMediaDto, UploadedMediaDto, UploadMediaQuery } from './media.dto.js';
import { mediaProblems } from './media.errors.js';
import { EXAMPLES } from './media.examples.js';
import { MediaService } from './media.service.js';
import { PICTURE_TYPES } from './picture.js';

const PATH = 'v1/admin/media';
/** SVG is read too, so that its sender hears why it is not taken. */
const READ = [...PICTURE_TYPES, 'image/svg+xml'];
const { not_found, stale_version, too_large, unsupported_media_type } = platformProblems;

/** Pictures as staff bring and keep them. */
@ApiTags('Media')
@Controller(PATH)
@Permissions('catalog:product:write')
export class MediaController implements OnModuleInit {
  constructor(
    private readonly media: MediaService,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** Pictures are handed on as streams, and only here: everywhere else these types stay unsupported. */
  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addContentTypeParser(READ, (request, payload, done) => {
      if (request.routeOptions.url === `/${PATH}`) done(null, payload);
      else done(Object.assign(new Error('unsupported'), { statusCode: 415 }));
    });
  }

  @Post()
  @ApiConsumes(...PICTURE_TYPES)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @Operation({
    id: 'uploadMedia',
    location: '/v1/admin/media/{id}',
    headers: ['ETag'],
    example: EXAMPLES,
    summary: 'Uploads a picture',
    description:
      'The body is the file itself (JPEG, PNG, WebP, GIF or AVIF; of an animation the first image), at most ' +
      '20 MiB and 50 million pixels unless the store is set otherwise, and of the type that `Content-Type` ' +
      'says. In the examples a data URL stands for the bytes.\n\n' +
      'Its sizes are made in the background: `state` goes from `pending` to `ready`, or to `failed`. Name its ' +
      '`id` as `mediaId` in `media` of a product whenever you like; the shop shows it once it is ready. What ' +
      'the file tells beside its pixels (place, camera, time) is served to nobody.\n\n' +
      'The same bytes are the same picture: 200 with what there is, and nothing of it changes. Sending it ' +
      'again is therefore safe. Uploads that no product has for 30 days are deleted.',
    answers: { 201: UploadedMediaDto, 200: UploadedMediaDto },
    problems: [
      too_large,
      unsupported_media_type,
      mediaProblems.svg_refused,
      mediaProblems.picture_type_differs,
      mediaProblems.broken_picture,
      mediaProblems.too_many_pixels,
    ],
  })
  async upload(
    @Query() query: UploadMediaQuery,
    @Req() request: FastifyRequest,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UploadedMediaDto> {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (!READ.includes(type)) throw unsupported_media_type(`Send ${PICTURE_TYPES.join(', ')}.`);
    const announced = Number(request.headers['content-length'] ?? 0);
    const { media, made } = await this.media.upload({ ...query, type, body: request.body, announced }, actor);
    void reply.code(made ? HttpStatus.CREATED : HttpStatus.OK);
    return media;
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listMedia',
    summary: 'Lists uploaded pictures, the newest first',
    description:
      'By `state`, such as those that failed; with `unused` those that no product has, or the others.',
    answers: { 200: PageOf(UploadedMediaDto) },
  })
  list(@Query() query: MediaPageQuery): Promise<Page<UploadedMediaDto>> {
    return this.media.list(query);
  }

  @Get(':id')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'getMedia',
    headers: ['ETag'],
    summary: 'Shows an uploaded picture',
    description:
      'How far its sizes are, why they could not be made, and where they are loaded. The `ETag` goes into ' +
      '`If-Match` of `PATCH` and `DELETE`.',
    answers: { 200: UploadedMediaDto },
    problems: [not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<UploadedMediaDto> {
    return this.media.get(id);
  }

  @Patch(':id')
  @Operation({
    id: 'updateMedia',
    headers: ['ETag'],
    summary: 'Says what a picture shows',
    description:
      '`alt` is read to those who do not see it, wherever a product does not say it otherwise. Pages show it ' +
      'within a second. Null deletes it.',
    answers: { 200: UploadedMediaDto },
    problems: [not_found, stale_version],
  })
  update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateMediaDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<UploadedMediaDto> {
    return this.media.update(id, input, version, actor);
  }

  @Delete(':id')
  @Operation({
    id: 'deleteMedia',
    summary: 'Deletes a picture that no product has',
    description:
      'With all its sizes; its addresses answer 404, though caches may show it for long. 409 ' +
      '`catalog.media_in_use` while a product has it in its `media`, an archived one too.',
    answers: { 204: null },
    problems: [not_found, stale_version, mediaProblems.media_in_use],
  })
  async delete(
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.media.delete(id, version, actor);
  }

  @Post(':id/retry')
  @Operation({
    id: 'retryMedia',
    headers: ['ETag'],
    summary: 'Makes the sizes of a picture again that failed',
    description:
      'For one whose `state` is `failed`, once what `failure` tells of is mended; else 409 ' +
      '`catalog.media_not_failed`. 202 says that it was asked for: read it until it is `ready`.',
    answers: { 202: UploadedMediaDto },
    problems: [not_found, mediaProblems.media_not_failed],
    idempotency: 'accepted',
  })
  retry(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<UploadedMediaDto> {
    return this.media.retry(id, actor);
  }
}
