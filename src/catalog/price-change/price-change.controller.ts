import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { ChangePricesDto, PriceChangeDto, PriceChangeParams } from './price-change.dto.js';
import { PriceChangeService } from './price-change.service.js';

@Controller('v1/admin/prices/changes')
@ApiTags('Prices')
@Permissions('catalog:product:write')
export class PriceChangeController {
  constructor(private readonly changes: PriceChangeService) {}

  @Post()
  @Operation({
    id: 'changePrices',
    example: {
      filter: { brand: 'Oak & Flax' },
      currency: 'EUR',
      intoPriceListId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
      basisPoints: -2000,
      rounding: { ending: 99, of: 100 },
      compareAt: 'source',
      dryRun: true,
    },
    summary: 'Changes many prices at once, after a preview',
    description:
      'With `dryRun: true` it shows the first 100 of the new prices, how many there are, and the ' +
      '`fingerprint` of all of them. Sent again without it and with that fingerprint, exactly these prices ' +
      'are set; 409 `catalog.prices_changed` when anything is different by now. Up to 1,000 are set before ' +
      'the answer, all or none; more in the background: 202, and `GET /v1/admin/prices/changes/{id}` tells ' +
      'how far it is. A price that somebody sets meanwhile stays. Gift ' +
      'cards are left out whatever the filter: their price is what they hold.\n\n' +
      'Base prices, or those of a list (`fromPriceListId`); written where they come from, or into another ' +
      'list (`intoPriceListId`): a sale of 20 % is a list that is made of the base prices.',
    answers: { 200: PriceChangeDto, 202: PriceChangeDto },
    problems: [
      platformProblems.not_found,
      catalogProblems.unknown_category,
      catalogProblems.price_list_currency,
      catalogProblems.price_out_of_range,
      catalogProblems.prices_changed,
    ],
    idempotency: 'accepted',
  })
  async change(
    @Body() input: ChangePricesDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PriceChangeDto> {
    if (input.dryRun) return this.changes.preview(input);
    const change = await this.changes.confirm(input, actor);
    if (change.state === 'running') void reply.code(202);
    return change;
  }

  @Get(':id')
  @Operation({
    id: 'getPriceChange',
    summary: 'How far a change of many prices is',
    description:
      'Poll it: `state` goes from `running` to `finished`, `done` grows up to `total`, and `skipped` counts ' +
      'the prices that somebody else had set meanwhile.',
    answers: { 200: PriceChangeDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: PriceChangeParams): Promise<PriceChangeDto> {
    return this.changes.get(id);
  }
}
