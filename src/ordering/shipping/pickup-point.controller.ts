import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { PickupPoint } from './pickup-point.js';
import { PickupPointDto, PickupPointInput, PickupPointParams, PickupPointPatch } from './pickup-point.dto.js';
import { PickupPoints } from './pickup-point.service.js';
import { shippingProblems } from './shipping.errors.js';

const { pickup_point_taken } = shippingProblems;
const LIST = 'pickup-points';

@ApiTags('Pickup points')
@Controller('/v1/admin/pickup-points')
export class PickupPointController {
  constructor(
    private readonly points: PickupPoints,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listPickupPoints',
    summary: 'List pickup points',
    description: 'By name, those too that are not open.',
    answers: { 200: PageOf(PickupPointDto) },
  })
  async list(@Query() { cursor, limit }: PageQuery): Promise<Page<PickupPointDto>> {
    const [name = null, id = null] = this.cursors.decode(LIST, cursor) ?? [];
    const after = name === null ? null : { name: String(name), id: String(id) };
    const rows = await this.points.list(after, limit + 1);
    return this.cursors.page(LIST, rows, limit, (point) => [point.name, point.id]);
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getPickupPoint',
    headers: ['ETag'],
    summary: 'Read a pickup point',
    description: 'Its address, opening hours and place on the map.',
    answers: { 200: PickupPointDto },
  })
  async get(
    @Param() { id }: PickupPointParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PickupPointDto> {
    return tagged(reply, await this.points.get(id));
  }

  @Post()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'createPickupPoint',
    location: '/v1/admin/pickup-points/{id}',
    example: {
      name: 'Shop in Mitte',
      address: { line1: 'Torstraße 1', city: 'Berlin', postalCode: '10119', country: 'DE' },
      openingHours: 'Mon to Fri 10 to 19, Sat 10 to 16',
      coordinates: { latitude: '52.529407', longitude: '13.402710' },
    },
    headers: ['ETag'],
    summary: 'Add a pickup point',
    description:
      'The shipping zone that its address lies in says what fetching there costs: by the methods of the kind ' +
      '`pickup`. 409 when the name is taken.',
    answers: { 201: PickupPointDto },
    problems: [pickup_point_taken],
    idempotency: 'accepted',
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() body: PickupPointInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PickupPointDto> {
    return tagged(reply, await this.points.create(actor, body));
  }

  @Patch('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updatePickupPoint',
    example: { openingHours: 'Mon to Sat 10 to 19' },
    headers: ['ETag'],
    summary: 'Change a pickup point',
    description:
      'What is left out stays; null deletes; the address is replaced as a whole. Orders keep the point as it was. ' +
      'With `isOpen: false` it takes nothing new, and carts that chose it say so in their readiness.',
    answers: { 200: PickupPointDto },
    problems: [pickup_point_taken, platformProblems.stale_version],
  })
  async update(
    @CurrentActor() actor: Actor,
    @Param() { id }: PickupPointParams,
    @Body() body: PickupPointPatch,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PickupPointDto> {
    return tagged(reply, await this.points.update(actor, id, body, version));
  }

  @Delete('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'deletePickupPoint',
    summary: 'Remove a pickup point',
    description: 'Carts that chose it have to choose another one; orders keep the point as it was.',
    answers: { 204: null },
    problems: [platformProblems.stale_version],
  })
  delete(
    @CurrentActor() actor: Actor,
    @Param() { id }: PickupPointParams,
    @IfMatch() version: number | null,
  ): Promise<void> {
    return this.points.delete(actor, id, version);
  }
}

function tagged(reply: FastifyReply, point: PickupPoint): PickupPointDto {
  void reply.header('etag', etagOfVersion(point.version));
  return point;
}
