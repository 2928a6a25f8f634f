import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Instant, Integer, ListOf, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { StockReader } from './stock.reader.service.js';
import { StockService } from './stock.service.js';

const MAX = 1_000_000_000;

export class StockLevelDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @Text({ max: 100 })
  sku: string;

  @Text({ max: 60, example: 'main' })
  location: string;

  @Integer({ min: 0, max: MAX, description: 'Physically there.' })
  onHand: number;

  @Integer({ min: 0, max: MAX, description: 'Promised to placed orders.' })
  allocated: number;

  @Integer({ min: 0, max: MAX, description: 'Held by checkouts, with an expiry.' })
  reserved: number;

  @Integer({ min: -MAX, max: MAX, description: 'on hand − allocated − reserved; negative when backordered.' })
  available: number;

  @Integer({ min: 0, max: MAX })
  backorderLimit: number;
}

class StockQuery extends PageQuery {
  @Uuid({ optional: true })
  variantId?: string;

  @Text({ max: 100, optional: true })
  sku?: string;

  @Text({ max: 60, optional: true, description: 'Code of the location.' })
  location?: string;
}

export class StockChangeDto {
  @Uuid({ description: 'Variant.' })
  variantId: string;

  @Text({ max: 60, example: 'main' })
  location: string;

  @OneOf(['received', 'adjusted', 'returned'])
  kind: 'received' | 'adjusted' | 'returned';

  @Integer({ min: -MAX, max: MAX, description: 'Pieces; only `adjusted` may be negative.', example: 10 })
  quantity: number;

  @Text({
    max: 300,
    optional: true,
    nullable: true,
    description: 'Required for `adjusted`.',
    example: 'stocktake',
  })
  reason?: string | null;
}

class StockChangesDto {
  @ListOf(() => StockChangeDto, { min: 1, max: 100 })
  changes: StockChangeDto[];
}

export class MovementDto {
  @Uuid()
  id: string;

  @OneOf(['received', 'allocated', 'released', 'shipped', 'adjusted', 'returned'])
  kind: string;

  @Integer({ min: -MAX, max: MAX })
  quantity: number;

  @Uuid({ nullable: true, description: 'Order.' })
  reference: string | null;

  @Text({ max: 300, nullable: true })
  reason: string | null;

  @Text({ max: 100, nullable: true })
  actor: string | null;

  @Instant()
  at: string;
}

export class LocationDto {
  @Uuid()
  id: string;

  @Text({ max: 60, example: 'main' })
  code: string;

  @Text({ max: 120, example: 'Main warehouse' })
  name: string;

  @Integer({ min: 0, max: 10_000, description: 'The lowest is asked first.' })
  priority: number;

  @Integer({ min: 1, max: MAX, description: 'Also the ETag.' })
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

/** How many there are and where. */
@Controller('v1/admin')
@ApiTags('Stock')
export class StockController {
  constructor(
    private readonly stock: StockService,
    private readonly reader: StockReader,
    private readonly cursors: Cursors,
  ) {}

  @Get('stock')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listStock',
    summary: 'Lists stock by variant and location',
    description:
      'One row for each variant and location: pieces on hand, allocated to placed orders, reserved by ' +
      'checkouts, and what is left of them. Filter by `variantId`, `sku` or `location`. `id` leads to ' +
      'the movements of the row.',
    answers: { 200: PageOf(StockLevelDto) },
  })
  async levels(@Query() query: StockQuery): Promise<Page<StockLevelDto>> {
    const { cursor, limit, variantId = null, sku = null, location = null } = query;
    const list = `stock:${variantId}:${sku}:${location}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reader.levels({
      variantId,
      sku,
      location,
      after: after as string | null,
      limit: limit + 1,
    });
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }

  @Post('stock/movements')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'moveStock',
    example: {
      changes: [
        {
          variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          location: 'main',
          kind: 'received',
          quantity: 10,
        },
      ],
    },
    summary: 'Receives, adjusts or takes back stock',
    description:
      'Pieces that came (`received`), came back (`returned`) or were counted differently (`adjusted`, ' +
      'with a reason; the only kind that may be negative). Movements are the only way to change what is ' +
      'on hand. All are written or none.\n\n' +
      '409 `catalog.stock_promised` when fewer would be left than are promised to orders.',
    answers: { 204: null },
    problems: [platformProblems.not_found, catalogProblems.unknown_location, catalogProblems.stock_promised],
    idempotency: 'required',
  })
  async move(@Body() { changes }: StockChangesDto, @CurrentActor() actor: Actor): Promise<void> {
    changes.forEach((change, index) => refuseNonsense(change, index));
    await this.stock.change(
      changes.map((change) => ({ ...change, reason: change.reason ?? null })),
      actor,
    );
  }

  @Get('stock/:id/movements')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listMovements',
    summary: 'Shows what happened to a stock row, the newest first',
    description:
      'Of one row of `GET /v1/admin/stock`: what came, was promised, was freed, was sent or was ' +
      'corrected, by whom and for which order (`reference`).',
    answers: { 200: PageOf(MovementDto) },
  })
  async movements(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<MovementDto>> {
    const list = `movements:${id}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.reader.movements(id, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, (row) => [row.id]);
  }

  @Get('locations')
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listLocations',
    summary: 'Lists the locations, the first to be asked first',
    description:
      'Places where stock lies. Orders take their pieces from the location with the lowest `priority` ' +
      'first.',
    answers: { 200: LocationsDto },
  })
  async locations(): Promise<LocationsDto> {
    return { items: await this.reader.locations() };
  }

  @Post('locations')
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
  async createLocation(
    @Body() { code, name, priority = 100 }: CreateLocationDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LocationDto> {
    const { id } = await this.stock.addLocation({ code, name, priority }, actor);
    void reply.header('etag', etagOfVersion(1));
    return { id, code, name, priority, version: 1 };
  }

  @Patch('locations/:id')
  @Permissions('catalog:stock:write')
  @Operation({
    id: 'updateLocation',
    headers: ['ETag'],
    summary: 'Changes the name of a location or when it is asked',
    description: '`name` and `priority` (the lowest is asked first); the code stays.',
    answers: { 200: LocationDto },
    problems: [platformProblems.not_found, platformProblems.stale_version],
  })
  async updateLocation(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: UpdateLocationDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LocationDto> {
    const location = await this.stock.updateLocation(id, input, version, actor);
    void reply.header('etag', etagOfVersion(location.version));
    return location;
  }
}

function refuseNonsense({ kind, quantity, reason }: StockChangeDto, index: number): void {
  if (quantity === 0 || (kind !== 'adjusted' && quantity < 0)) {
    throw platformProblems.invalid_input('The quantity does not fit the kind.', {
      errors: [
        {
          pointer: `/changes/${index}/quantity`,
          code: 'sign',
          message: 'must be positive; only adjusted may be negative, never 0',
        },
      ],
    });
  }
  if (kind === 'adjusted' && !reason) {
    throw platformProblems.invalid_input('An adjustment needs a reason.', {
      errors: [
        { pointer: `/changes/${index}/reason`, code: 'required', message: 'is required for adjusted' },
      ],
    });
  }
}
