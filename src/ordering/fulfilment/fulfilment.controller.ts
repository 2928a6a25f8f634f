import { Body, Controller, Get, Header, Param, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { orderProblems } from '../order/order.errors.js';
import {
  CancelFulfilmentDto,
  DeliverFulfilmentDto,
  FulfilmentListQuery,
  FulfilmentParams,
  FulfilmentSummaryDto,
  ShipmentDto,
  StaffFulfilmentDto,
} from './fulfilment.dto.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import { FulfilmentMoves } from './fulfilment-moves.service.js';
import { FulfilmentReader } from './fulfilment-reader.service.js';
import { PackingSlips } from './packing-slips.service.js';

const { stale_version, not_found } = platformProblems;
const { fulfilment_moved_on } = fulfilmentProblems;
const parcel = { carrier: 'DHL', service: 'Paket', trackingNumber: '00340434161094000000' };

/** The work of the warehouse: what leaves together, from the plan to the door of the buyer. */
@ApiTags('Fulfilments')
@Controller('/v1/admin/fulfilments')
export class FulfilmentController {
  constructor(
    private readonly reader: FulfilmentReader,
    private readonly moves: FulfilmentMoves,
    private readonly slips: PackingSlips,
  ) {}

  @Get()
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listFulfilments',
    summary: 'Find fulfilments',
    description:
      'By state, location, carrier, number of the order or time of making; the newest first. ' +
      '`state=pending&location=main` is what somebody has to pack there.',
    answers: { 200: PageOf(FulfilmentSummaryDto) },
  })
  list(@Query() query: FulfilmentListQuery): Promise<Page<FulfilmentSummaryDto>> {
    return this.reader.list(query);
  }

  @Get(':id')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getFulfilment',
    headers: ['ETag'],
    summary: 'Read a fulfilment',
    description:
      'What leaves together: its lines, what is picked where, its parcels with what their carrier tells, and who did what. ' +
      'The `ETag` goes into `If-Match` of what changes it.',
    answers: { 200: StaffFulfilmentDto },
    problems: [not_found],
  })
  get(@Param() { id }: FulfilmentParams): Promise<StaffFulfilmentDto> {
    return this.reader.get(id);
  }

  @Get(':id/packing-slip.pdf')
  @Permissions('ordering:order:read')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'getPackingSlip',
    summary: 'The sheet that goes into the parcel',
    description:
      'A PDF on A4, drawn when it is asked for: to whom, what is in it with the parts of bundles, and where it goes back to ' +
      '(`RETURN_ADDRESS`). Prices are not on it. Names in Latin, Greek and Cyrillic letters are written as they are.',
    answers: { 200: { contentType: 'application/pdf', description: 'The sheet.' } },
    problems: [not_found],
  })
  async slip(@Param() { id }: FulfilmentParams): Promise<StreamableFile> {
    const { name, bytes } = await this.slips.draw(id);
    const disposition = `inline; filename="${name}"`;
    return new StreamableFile(bytes, { type: 'application/pdf', disposition, length: bytes.length });
  }

  @Patch(':id')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'changeFulfilment',
    headers: ['ETag'],
    example: { carrier: 'DHL', trackingNumber: '00340434161094000001' },
    summary: 'Say how it goes',
    description:
      'Carrier, service and parcels, also after it has left: a number may be known late, or was mistyped. What is left out ' +
      'stays. What a carrier has told of a number before we knew it counts from then on. No letter is written.',
    answers: { 200: StaffFulfilmentDto },
    problems: [not_found, fulfilment_moved_on, stale_version],
  })
  async change(
    @CurrentActor() actor: Actor,
    @Param() { id }: FulfilmentParams,
    @Body() body: ShipmentDto,
    @IfMatch() version: number | null,
  ): Promise<StaffFulfilmentDto> {
    await this.moves.change(actor, id, body ?? {}, version);
    return this.reader.get(id);
  }

  @Post(':id/packing')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'packFulfilment',
    headers: ['ETag'],
    example: { parcels: [{ weightGrams: 1200 }] },
    summary: 'It is packed',
    description:
      'From `pending` to `packed`. The stock stays on hand; the shopper can no longer cancel the order, staff can. The body may ' +
      'say how it goes, as in `PATCH`.',
    answers: { 200: StaffFulfilmentDto },
    problems: [
      not_found,
      fulfilment_moved_on,
      orderProblems.order_not_fulfillable,
      orderProblems.order_on_hold,
      stale_version,
    ],
    idempotency: 'required',
  })
  async pack(
    @CurrentActor() actor: Actor,
    @Param() { id }: FulfilmentParams,
    @Body() body: ShipmentDto,
    @IfMatch() version: number | null,
  ): Promise<StaffFulfilmentDto> {
    await this.moves.pack(actor, id, body ?? {}, version);
    return this.reader.get(id);
  }

  @Post(':id/dispatch')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'dispatchFulfilment',
    headers: ['ETag'],
    example: parcel,
    summary: 'It leaves',
    description:
      'From `pending` or `packed` to `shipped`: the pieces leave the stock of their location, the order moves on, and the buyer ' +
      'gets a letter with the tracking numbers. The body may say how it goes, as in `PATCH`.\n\n' +
      '409 `ordering.order_not_fulfillable` when the money is on its way back, `catalog.out_of_stock` when it was sold before ' +
      'it was there: receive it first.',
    answers: { 200: StaffFulfilmentDto },
    problems: [
      not_found,
      fulfilment_moved_on,
      orderProblems.order_not_fulfillable,
      orderProblems.order_on_hold,
      'catalog.out_of_stock',
      stale_version,
    ],
    idempotency: 'required',
  })
  async dispatch(
    @CurrentActor() actor: Actor,
    @Param() { id }: FulfilmentParams,
    @Body() body: ShipmentDto,
    @IfMatch() version: number | null,
  ): Promise<StaffFulfilmentDto> {
    await this.moves.ship(actor, id, body ?? {}, version);
    return this.reader.get(id);
  }

  @Post(':id/delivery')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'deliverFulfilment',
    headers: ['ETag'],
    example: {},
    summary: 'It has arrived',
    description:
      'From `shipped` to `delivered`, by whoever knows; a carrier that reports here does it by itself. When all of the order ' +
      'has arrived its `fulfilmentStatus` is `delivered`.',
    answers: { 200: StaffFulfilmentDto },
    problems: [not_found, fulfilment_moved_on, stale_version],
    idempotency: 'required',
  })
  async deliver(
    @CurrentActor() actor: Actor,
    @Param() { id }: FulfilmentParams,
    @Body() body: DeliverFulfilmentDto,
    @IfMatch() version: number | null,
  ): Promise<StaffFulfilmentDto> {
    await this.moves.deliver(actor, id, body ?? {}, version);
    return this.reader.get(id);
  }

  @Post(':id/cancellation')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'cancelFulfilment',
    headers: ['ETag'],
    example: { reason: 'Damaged while packing' },
    summary: 'It does not leave',
    description:
      'Before it is shipped: its pieces can be planned again. They stay promised to the order and on hand; canceling the order ' +
      'itself frees them.',
    answers: { 200: StaffFulfilmentDto },
    problems: [not_found, fulfilment_moved_on, stale_version],
    idempotency: 'required',
  })
  async cancel(
    @CurrentActor() actor: Actor,
    @Param() { id }: FulfilmentParams,
    @Body() body: CancelFulfilmentDto,
    @IfMatch() version: number | null,
  ): Promise<StaffFulfilmentDto> {
    await this.moves.cancel(actor, id, body?.reason ?? null, version);
    return this.reader.get(id);
  }
}
