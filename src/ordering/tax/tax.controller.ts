import { Body, Controller, Delete, Get, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { TaxZoneDto, TaxZoneInput, TaxZonePatch, ZoneParams } from './tax.dto.js';
import { zoneProblems } from './tax.errors.js';
import { TaxService } from './tax.service.js';

const changing = [zoneProblems.zone_conflict, zoneProblems.default_zone, platformProblems.stale_version];

@ApiTags('Tax zones')
@Controller('/v1/admin/tax-zones')
export class TaxController {
  constructor(private readonly zones: TaxService) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listTaxZones',
    summary: 'List tax zones',
    description: 'All of them: there are never many.',
    answers: { 200: PageOf(TaxZoneDto) },
  })
  async list(): Promise<Page<TaxZoneDto>> {
    return { items: await this.zones.list(), nextCursor: null };
  }

  @Get('/:id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getTaxZone',
    headers: ['ETag'],
    summary: 'Read a tax zone',
    description:
      'Its countries, whether prices include the tax there, and a rate for each tax class in parts per ' +
      'million (190000 is 19 %).',
    answers: { 200: TaxZoneDto },
  })
  async get(
    @Param() { id }: ZoneParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaxZoneDto> {
    return tagged(reply, await this.zones.get(id));
  }

  @Post()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'createTaxZone',
    location: '/v1/admin/tax-zones/{id}',
    example: {
      name: 'Iceland',
      countries: ['IS'],
      pricesIncludeTax: true,
      rates: [{ taxClass: 'standard', title: 'VAT 24 %', ratePpm: 240_000 }],
    },
    headers: ['ETag'],
    summary: 'Add a tax zone',
    description:
      'Rates are in parts per million: 190000 is 19 %. A country belongs to one tax zone, `*` to the one ' +
      'for everywhere else; `areas` are parts of countries, and the nearest goes first. 409 ' +
      '`ordering.zone_conflict` names the zone that has a place already. Rates of one class by several ' +
      'jurisdictions are due together; a rate changes at a moment by ending one and beginning the next (422 ' +
      '`ordering.tax_rates_overlap` when both hold at once). Tax is rounded half away from zero, once for each ' +
      'rate of a category: tax on top on the net of the category, tax inside for all its rates together and then ' +
      'split. Lines get their shares by largest remainder. Carts follow within a second.',
    answers: { 201: TaxZoneDto },
    problems: [zoneProblems.zone_conflict, zoneProblems.tax_rates_overlap],
    idempotency: 'accepted',
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body() body: TaxZoneInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaxZoneDto> {
    return tagged(reply, await this.zones.create(actor, body));
  }

  @Patch('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updateTaxZone',
    example: { rates: [{ taxClass: 'standard', title: 'VAT 25 %', ratePpm: 250_000 }] },
    headers: ['ETag'],
    summary: 'Change a tax zone',
    description:
      'Takes effect for carts within a second, in every process. Orders keep the rates they were placed ' +
      'with. What is left out stays; `countries` and `rates` are replaced as a whole.',
    answers: { 200: TaxZoneDto },
    problems: [...changing, zoneProblems.tax_rates_overlap],
  })
  async update(
    @CurrentActor() actor: Actor,
    @Param() { id }: ZoneParams,
    @Body() body: TaxZonePatch,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaxZoneDto> {
    return tagged(reply, await this.zones.update(actor, id, body, version));
  }

  @Delete('/:id')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'deleteTaxZone',
    summary: 'Remove a tax zone',
    description:
      'Its countries fall to the zone of `*`, or are not taxed where there is none. The default zone must stay: 409 `ordering.default_zone`. ' +
      'Orders keep the rates they were placed with.',
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

function tagged(reply: FastifyReply, zone: TaxZoneDto): TaxZoneDto {
  void reply.header('etag', etagOfVersion(zone.version));
  return zone;
}
