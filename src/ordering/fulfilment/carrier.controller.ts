import { Controller, Get, Headers, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Permissions, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CarrierEventDto, CarrierEventQuery } from './carrier.dto.js';
import { CarrierInbox } from './carrier-inbox.service.js';
import { fulfilmentProblems } from './fulfilment.errors.js';

/** Where carriers report; guarded by their signature over the raw bytes. */
@ApiTags('Carriers')
@Controller('/v1')
export class CarrierController {
  constructor(private readonly inbox: CarrierInbox) {}

  @Post('carriers/:code/webhooks')
  @Public()
  @Operation({
    id: 'receiveCarrierWebhook',
    summary: 'Receive a signed notice of a carrier',
    description:
      'For carriers whose secret stands in `CARRIER_WEBHOOK_SECRETS`, or a program between them and this shop. The header ' +
      '`carrier-signature` is `sha256=` and the HMAC-SHA256 of the exact body in hex, and is checked before anything else. The body is ' +
      '`{"events": [{"id", "trackingNumber", "status", "occurredAt", "description", "place"}]}` with up to 100 events; ' +
      '`description` and `place` may be left out. `status` is `announced`, `in_transit`, `out_for_delivery`, `delivered`, ' +
      '`delivery_failed`, `exception` or `returned`; anything else is kept as `other`.\n\n' +
      '200 means that the events are kept, also when they were kept before: an `id` counts once. They may come in any order and ' +
      'before the number is known here. The parcels of a fulfilment are those whose `carrier` is `{code}` in any spelling; when the ' +
      'last of them is `delivered`, so is the fulfilment.',
    answers: { 200: null },
    problems: [
      fulfilmentProblems.bad_carrier_signature,
      platformProblems.invalid_input,
      platformProblems.not_found,
    ],
  })
  async receive(
    @Param('code') code: string,
    @Headers() headers: Record<string, unknown>,
    @Req() request: FastifyRequest & { rawBody?: Buffer },
  ): Promise<void> {
    await this.inbox.receive(code, request.rawBody ?? Buffer.alloc(0), headers);
  }

  @Get('admin/carrier-events')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listCarrierEvents',
    summary: 'What carriers told, the newest first',
    description:
      'With `state=orphan` what nobody here knows a parcel for: a number that was mistyped or is not written down yet. Of a number ' +
      'with `trackingNumber`.',
    answers: { 200: PageOf(CarrierEventDto) },
  })
  list(@Query() query: CarrierEventQuery): Promise<Page<CarrierEventDto>> {
    return this.inbox.list(query);
  }
}
