import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Integer, ListOf, Text, Uuid } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { LocationService } from './location.service.js';

export class LocationDto {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'main' })
  code: string;

  @Text({ max: 120, example: 'Main warehouse' })
  name: string;

  @Integer({ min: 0, max: 10_000, description: 'The lowest is asked first.' })
  priority: number;

  @Integer({ min: 1, max: 1_000_000_000, description: 'Also the ETag.' })
  version: number;
}

class UpdateLocationDto {
  @Text({ max: 120, optional: true, example: 'Harbour warehouse' })
  name?: string;

  @Integer({ min: 0, max: 10_000, optional: true })
  priority?: number;
}

class LocationsDto {
  @ListOf(() => LocationDto, { max: 1_000 })
  items: LocationDto[];
}

class CreateLocationDto {
  @Text({ max: 60, pattern: /^[a-z0-9-]+$/, example: 'harbour' })
  code: string;

  @Text({ max: 120, example: 'Harbour warehouse' })
  name: string;

  @Integer({ min: 0, max: 10_000, optional: true })
  priority?: number;
}

const SPLIT_RULE = `
Places where stock lies, and the rule by which orders take from them.

A line comes **whole from the first location that has all of it**, the lowest \`priority\` first. When none has all of it,
the line is **split**: each location in that order gives what it has, until the line is full. What lies there goes first;
only when all locations together have too few is the rest sold beyond it (\`backorderLimit\`, pre-order).

What was taken where is \`allocations\` of \`GET /v1/admin/orders/{id}\`.`.trim();

@Controller('v1/admin/locations')
@ApiTags('Stock')
export class LocationController {
  constructor(private readonly locations: LocationService) {}

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listLocations',
    summary: 'Lists the locations, the first to be asked first',
    description: SPLIT_RULE,
    answers: { 200: LocationsDto },
  })
  async list(): Promise<LocationsDto> {
    return { items: await this.locations.all() };
  }

  @Post()
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'createLocation',
    headers: ['ETag'],
    summary: 'Makes a location',
    description:
      'Its `code` is what products, imports and movements name it by, and stays for good. 409 when the ' +
      'code is taken. The `ETag` of the answer goes into `If-Match` of the next change.',
    answers: { 201: LocationDto },
    problems: [platformProblems.conflict],
    idempotency: 'accepted',
  })
  async create(
    @Body() { code, name, priority = 100 }: CreateLocationDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LocationDto> {
    const { id } = await this.locations.add({ code, name, priority }, actor);
    void reply.header('etag', etagOfVersion(1));
    return { id, code, name, priority, version: 1 };
  }

  @Patch(':id')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'updateLocation',
    headers: ['ETag'],
    summary: 'Changes the name of a location or when it is asked',
    description: '`name` and `priority` (the lowest is asked first); the code stays.',
    answers: { 200: LocationDto },
    problems: [platformProblems.not_found, platformProblems.stale_version],
  })
  async update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateLocationDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LocationDto> {
    const location = await this.locations.update(id, input, version, actor);
    void reply.header('etag', etagOfVersion(location.version));
    return location;
  }
}
