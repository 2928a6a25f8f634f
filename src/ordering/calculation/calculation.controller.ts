import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { OrderParams } from '../order/order.dto.js';
import { OrderCalculationDto } from './calculation.dto.js';
import { CalculationService } from './calculation.service.js';
import { calculationView } from './calculation.view.js';

/** Why an order came to what it came to. */
@ApiTags('Orders')
@Controller('/v1/admin/orders')
export class CalculationController {
  constructor(private readonly calculations: CalculationService) {}

  @Get('/:id/calculation')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getOrderCalculation',
    summary: 'Why this total?',
    description:
      'What the order was calculated from when it was written (prices, promotions, shipping and rates of tax as they were then) ' +
      'and the same calculation done again now, which gives the same cents whatever became of the rules. Later changes and ' +
      'refunds are not part of it. 404 also of an order from before calculations were kept.',
    answers: { 200: OrderCalculationDto },
  })
  async get(@Param() { id }: OrderParams): Promise<OrderCalculationDto> {
    const { calculation, recomputed } = await this.calculations.again(id);
    return calculationView(calculation, recomputed);
  }
}
