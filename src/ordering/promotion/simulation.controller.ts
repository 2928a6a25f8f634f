import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Clock } from '../../platform/clock.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SimulatePromotionDto, SimulationDto } from './simulation.dto.js';
import { SimulationService } from './simulation.service.js';

@ApiTags('Promotions')
@Controller('v1/admin/promotions')
export class SimulationController {
  constructor(
    private readonly simulations: SimulationService,
    private readonly clock: Clock,
  ) {}

  @Post('simulate')
  @Permissions('ordering:promotion:read')
  @Operation({
    id: 'simulatePromotion',
    example: {
      promotion: {
        title: 'Ten off the summer',
        group: 'order',
        trigger: 'automatic',
        effect: { type: 'percent', ppm: 100_000 },
      },
      orders: { limit: 500 },
    },
    summary: 'Tries a promotion out',
    description:
      'A draft (`promotionId`) or one that is not kept (`promotion`), as if it were active and nothing of it used. On a ' +
      '`cart` with today’s prices, at a moment: what all promotions take off with it and without it, and why. On placed ' +
      '`orders` of the last 30 days, as they were calculated then: what more it would have taken off. Orders are looked at ' +
      'from the newest on, at most 1,000 in one request; `nextCursor` goes on to older ones. Its window, limits and budget ' +
      'are left out there, and what products stand in is asked of today’s catalog. Nothing is written.',
    answers: { 200: SimulationDto },
    problems: [platformProblems.not_found],
  })
  async simulate(@Body() input: SimulatePromotionDto): Promise<SimulationDto> {
    const { cart, orders, withOthers = true } = input;
    const promotion = await this.simulations.promotionOf(input);
    const at = input.at ? new Date(input.at) : this.clock.now();
    return {
      cart: cart ? await this.simulations.onCart(promotion, cart, at, withOthers) : null,
      orders: orders ? await this.simulations.onOrders(promotion, orders) : null,
    };
  }
}
