import { Body, Controller, Get, Patch, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { KeptCalendar } from './delivery-estimate.js';
import { ShippingCalendarDto, ShippingCalendarPatch } from './shipping-calendar.dto.js';
import { ShippingCalendars } from './shipping-calendar.service.js';

@ApiTags('Shipping calendar')
@Controller('/v1/admin/shipping-calendar')
export class ShippingCalendarController {
  constructor(private readonly calendars: ShippingCalendars) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getShippingCalendar',
    headers: ['ETag'],
    summary: 'Read the days on which parcels leave',
    description:
      'Time zone, cut-off, processing, weekdays and holidays of the shop: what delivery dates are made of.',
    answers: { 200: ShippingCalendarDto },
  })
  async get(@Res({ passthrough: true }) reply: FastifyReply): Promise<ShippingCalendarDto> {
    return tagged(reply, await this.calendars.get());
  }

  @Patch()
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'updateShippingCalendar',
    example: {
      timeZone: 'Europe/Berlin',
      cutOff: '14:00',
      processingDays: 0,
      holidays: [{ date: '2026-12-25', title: 'Christmas' }],
    },
    headers: ['ETag'],
    summary: 'Change the days on which parcels leave',
    description:
      'What is left out stays; `workingDays` and `holidays` are replaced as a whole. Carts show other dates within a ' +
      'second; orders keep the dates that they were told.',
    answers: { 200: ShippingCalendarDto },
    problems: [platformProblems.stale_version],
  })
  async update(
    @CurrentActor() actor: Actor,
    @Body() body: ShippingCalendarPatch,
    @IfMatch() version: number | null,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShippingCalendarDto> {
    return tagged(reply, await this.calendars.update(actor, body, version));
  }
}

function tagged(
  reply: FastifyReply,
  { timeZone, cutOff, processingDays, workingDays, holidays, version }: KeptCalendar,
): ShippingCalendarDto {
  void reply.header('etag', etagOfVersion(version));
  return {
    timeZone,
    cutOff,
    processingDays,
    workingDays: [...workingDays],
    holidays: [...holidays],
    version,
  };
}
