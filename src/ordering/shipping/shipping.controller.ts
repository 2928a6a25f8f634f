import { Body, Controller, Delete, Get, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ZoneParams } from '../tax/tax.dto.js';
import { zoneProblems } from '../tax/tax.errors.js';
import type { Sides } from './parcels.js';
import { ShippingZoneDto, ShippingZoneInput, ShippingZonePatch } from './shipping.dto.js';
import { ShippingService } from './shipping.service.js';
import type { ShippingZone } from './shipping-zone.js';

const changing = [zoneProblems.zone_conflict, platformProblems.stale_version];

@ApiTags('Shipping zones')
@Controller('/v1/admin/shipping-zones')
export class ShippingController {
  constructor(private readonly zones: ShippingService) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listShippingZones',
    summary: 'List shipping zones',
    description: 'All of them: there are never many. Each has its countries, options and prices by weight.',
    answers: { 200: PageOf(ShippingZoneDto) },
  })
  async list(): Promise<Page<ShippingZoneDto>> {
    return { items: (await this.zones.list()).map(toDto), nextCursor: null };
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getShippingZone',
    headers: ['ETag'],
    summary: 'Read a shipping zone',
    description:
      'Its countries, parts of countries and options; each option has tiers: the price in minor units up to a ' +
      'weight in grams, a value of the goods or a size, for each currency.',
    answers: { 200: ShippingZoneDto },
  })
  async get(
    @Param() { id }: ZoneParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShippingZoneDto> {
    return tagged(reply, await this.zones.get(id));
  }

  @Post()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'createShippingZone',
    location: '/v1/admin/shipping-zones/{id}',
    example: {
      name: 'Iceland',
      countries: ['IS'],
      options: [
        {
          title: 'Standard',
          tiers: [
            { upToGrams: 2000, price: { amount: 990, currency: 'EUR' } },
            { upToGrams: null, price: { amount: 1990, currency: 'EUR' } },
          ],
        },
      ],
    },
    headers: ['ETag'],
    summary: 'Add a shipping zone',
    description:
      'Options have tiers: a price in minor units up to a weight in grams (or a value of the goods, or a size), for each ' +
      'currency in which it is offered; a flat rate is one tier without a limit. A country belongs to one zone, `*` to ' +
      'the one for everywhere else, and each of `areas` to one; 409 `ordering.zone_conflict` when the name, a country or ' +
      'an area is taken. A method may send several parcels, be free from an amount on, hold for a while, leave out ' +
      'shipping classes, be fetched at pickup points, and ask a carrier for its price.',
    answers: { 201: ShippingZoneDto },
    problems: [zoneProblems.zone_conflict],
    idempotency: 'accepted',
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() body: ShippingZoneInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShippingZoneDto> {
    return tagged(reply, await this.zones.create(actor, body));
  }

  @Patch('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updateShippingZone',
    example: { name: 'Iceland and its islands' },
    headers: ['ETag'],
    summary: 'Change a shipping zone',
    description:
      'Takes effect for carts within a second, in every process. Orders keep the price they were placed ' +
      'with. What is left out stays; `countries`, `areas` and `options` are replaced as a whole: send the `id` of ' +
      'an option that should stay the same one.',
    answers: { 200: ShippingZoneDto },
    problems: changing,
  })
  async update(
    @CurrentActor() actor: Actor,
    @Param() { id }: ZoneParams,
    @Body() body: ShippingZonePatch,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShippingZoneDto> {
    return tagged(reply, await this.zones.update(actor, id, body, version));
  }

  @Delete('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'deleteShippingZone',
    summary: 'Remove a shipping zone',
    description:
      'Carts to its countries then ship by the zone of `*`, or not at all (`shipping_unavailable` in ' +
      'their readiness). Orders keep what they were placed with.',
    answers: { 204: null },
    problems: changing,
  })
  delete(
    @CurrentActor() actor: Actor,
    @Param() { id }: ZoneParams,
    @IfMatch() version: number | null,
  ): Promise<void> {
    return this.zones.delete(actor, id, version);
  }
}

function tagged(reply: FastifyReply, zone: ShippingZone): ShippingZoneDto {
  void reply.header('etag', etagOfVersion(zone.version));
  return toDto(zone);
}

const toDto = (zone: ShippingZone): ShippingZoneDto => ({
  ...zone,
  options: zone.options.map(({ maxParcelSides, ...option }) => ({
    ...option,
    tiers: option.tiers.map((tier) => ({ ...tier, price: tier.price.toJSON() })),
    freeOver: option.freeOver.map((price) => price.toJSON()),
    maxParcelSize: maxParcelSides && sizeOf(maxParcelSides),
  })),
});

const sizeOf = ([lengthMm, widthMm, heightMm]: Sides) => ({ lengthMm, widthMm, heightMm });
