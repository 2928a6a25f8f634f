import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { cartProblems } from '../cart/cart.errors.js';
import {
  BasketDiscountDto,
  BasketDiscountParams,
  BasketDto,
  BasketParams,
  PutBasketDiscountDto,
  PutBasketDto,
} from './basket.dto.js';
import { Baskets } from './baskets.service.js';

const { not_found, stale_version } = platformProblems;
const { variant_unavailable, quantity_limited, too_many_lines, unknown_shipping_option } = cartProblems;
const unsold = [variant_unavailable, quantity_limited, too_many_lines, unknown_shipping_option];

/** What subscriptions to goods send each period. */
@ApiTags('Subscriptions')
@Controller('v1')
export class BasketController {
  constructor(private readonly baskets: Baskets) {}

  @Get('me/subscriptions/:id/basket')
  @Permissions('account:self')
  @Operation({
    id: 'getMySubscriptionBasket',
    headers: ['ETag'],
    summary: 'Read what a subscription of mine sends',
    description:
      'Of a subscription to goods: what is ordered each period and where it goes, what is saved by it, and what the last periods ' +
      'became. 404 while nothing was put into it.',
    answers: { 200: BasketDto },
    problems: [not_found],
  })
  get(@Param() { id }: BasketParams, @CurrentActor() { id: customerId }: PersonActor): Promise<BasketDto> {
    return this.baskets.get(customerId, id);
  }

  @Put('me/subscriptions/:id/basket')
  @Permissions('account:self')
  @InPerson()
  @Operation({
    id: 'putMySubscriptionBasket',
    example: {
      lines: [{ variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e', quantity: 2 }],
      shippingAddress: {
        firstName: 'Ada',
        lastName: 'Byron',
        line1: 'Unter den Linden 1',
        city: 'Berlin',
        postalCode: '10117',
        country: 'DE',
      },
    },
    headers: ['ETag'],
    summary: 'Say what a subscription of mine sends',
    description:
      'All of it. Each period is ordered with what it says on that day, at the prices and from the stock of that day, and charged ' +
      'to the method of the subscription. When the card fails the order waits a week for a payment by a link that is mailed; when ' +
      'something is not there nothing is ordered or charged, and a letter says so.',
    answers: { 200: BasketDto },
    problems: [not_found, stale_version, ...unsold],
  })
  put(
    @Param() { id }: BasketParams,
    @Body() input: PutBasketDto,
    @IfMatch() version: number | null,
    @CurrentActor() { id: customerId }: PersonActor,
  ): Promise<BasketDto> {
    return this.baskets.put(customerId, id, input, version);
  }

  @Get('admin/plans/:id/basket-discount')
  @Permissions('billing:subscription:read')
  @Operation({
    id: 'getBasketDiscount',
    headers: ['ETag'],
    summary: 'Read what subscribers of a plan of goods save',
    description: 'In percent of each day’s prices; promotions and taxes go by what is left.',
    answers: { 200: BasketDiscountDto },
    problems: [not_found],
  })
  discount(@Param() { id }: BasketDiscountParams): Promise<BasketDiscountDto> {
    return this.baskets.discount(id);
  }

  @Put('admin/plans/:id/basket-discount')
  @Permissions('billing:subscription:write')
  @Operation({
    id: 'putBasketDiscount',
    example: { percentOff: 10 },
    headers: ['ETag'],
    summary: 'Say what subscribers of a plan of goods save',
    description: 'From the next order of each of them on.',
    answers: { 200: BasketDiscountDto },
    problems: [not_found, stale_version],
  })
  setDiscount(
    @Param() { id }: BasketDiscountParams,
    @Body() { percentOff }: PutBasketDiscountDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<BasketDiscountDto> {
    return this.baskets.setDiscount(id, percentOff, version, actor);
  }
}
