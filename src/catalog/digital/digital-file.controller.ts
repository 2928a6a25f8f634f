import { Controller, Delete, Get, type OnModuleInit, Param, Post, Query, Req } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { bundleProblems } from '../bundle/bundle.errors.js';
import {
  DigitalFileDto,
  DigitalFileParams,
  DigitalFilesDto,
  DigitalFilesParams,
  UploadFileQuery,
} from './digital-file.dto.js';
import { DigitalFileService } from './digital-file.service.js';

const PATH = 'v1/admin/variants/:id/files';
const BYTES = 'application/octet-stream';
const { not_found, too_large, unsupported_media_type } = platformProblems;

/** Files of digital variants, as staff bring and keep them. */
@Controller(PATH)
@ApiTags('Products')
@Permissions('catalog:product:write')
export class DigitalFileController implements OnModuleInit {
  constructor(
    private readonly files: DigitalFileService,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** Files are handed on as streams, and only here: everywhere else the type stays unsupported. */
  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addContentTypeParser(BYTES, (request, payload, done) => {
      if (request.routeOptions.url === `/${PATH}`) done(null, payload);
      else done(Object.assign(new Error('unsupported'), { statusCode: 415 }));
    });
  }

  @Post()
  @ApiConsumes(BYTES)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @Operation({
    id: 'uploadDigitalFile',
    example: { [BYTES]: 'data:application/octet-stream;base64,QSBib29rIGFib3V0IHdlYXZpbmcu' },
    summary: 'Adds a file to a digital variant',
    description:
      'The body is the file itself, of any kind, at most 50 MiB unless the store is set otherwise; `name` and ' +
      '`contentType` are what the download says. In the examples a data URL stands for the bytes. Nobody reaches it ' +
      'but who has paid for it.\n\n' +
      'A file never changes. With `replaces` it takes the place of another one for all that is sold from now on; ' +
      'orders that were placed before open the files they were sold. Those that were sold none, because none was there yet, ' +
      'open what is sold now: look whether a digital variant has its file before you publish it.',
    answers: { 201: DigitalFileDto },
    problems: [not_found, too_large, unsupported_media_type, bundleProblems.odd_kind],
  })
  upload(
    @Param() { id }: DigitalFilesParams,
    @Query() query: UploadFileQuery,
    @Req() request: FastifyRequest,
    @CurrentActor() actor: Actor,
  ): Promise<DigitalFileDto> {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (type !== BYTES) throw unsupported_media_type(`Send ${BYTES}.`);
    const announced = Number(request.headers['content-length'] ?? 0);
    return this.files.upload(id, query, { body: request.body, announced }, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listDigitalFiles',
    summary: 'Lists the files of a variant',
    description: 'Those that are sold with it now, the oldest first.',
    answers: { 200: DigitalFilesDto },
  })
  async list(@Param() { id }: DigitalFilesParams): Promise<DigitalFilesDto> {
    return { items: await this.files.list(id) };
  }

  @Delete(':fileId')
  @Operation({
    id: 'removeDigitalFile',
    summary: 'Takes a file out of what is sold',
    description: 'Orders that were placed before still open it, so it is kept.',
    answers: { 204: null },
    problems: [not_found],
  })
  async remove(@Param() { id, fileId }: DigitalFileParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.files.remove(id, fileId, actor);
  }
}
