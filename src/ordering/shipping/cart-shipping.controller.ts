import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HeldByShopper, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { CartParams } from '../cart/cart.dto.js';
import { CartReader } from '../cart/cart-reader.service.js';
import { NearPoints } from './near-points.service.js';
import { NearPointDto, PointsNearQuery, ShippingOffersDto } from './offer.dto.js';
import { offersView } from './offers.view.js';

@ApiTags('Carts')
@Public()
@Controller('/v1/carts')
export class CartShippingController {
  constructor(
    private readonly carts: CartReader,
    private readonly points: NearPoints,
    private readonly cursors: Cursors,
  ) {}

  @Get('/:id/shipping-options')
  @HeldByShopper()
  @Operation({
    id: 'listCartShippingOptions',
    summary: 'What can carry the cart',
    description:
      'For the address of the cart, the cheapest first, each with its parcels and the days on which it arrives; without an ' +
      'address there are none. Put an `id` into `shippingOptionId` of the cart or of the checkout; `selected` is the one in ' +
      'the totals. One of the kind `pickup` needs a `pickupPointId`, too. What does not fit, and why: ' +
      '`GET /v1/carts/{id}/explain`.',
    answers: { 200: ShippingOffersDto },
  })
  async offers(@Param() { id }: CartParams, @CurrentHolder() holder: Holder): Promise<ShippingOffersDto> {
    return offersView((await this.carts.get(id, holder)).assessment);
  }

  @Get('/:id/pickup-points')
  @HeldByShopper()
  @Operation({
    id: 'listCartPickupPoints',
    summary: 'Where the cart can be fetched',
    description:
      'Open points, those first whose postal code has the longest beginning in common with `postalCode` (or with that of ' +
      'the cart), then by name; `options` are the methods that bring this cart there. Put an `id` into `pickupPointId` of ' +
      'the cart or of the checkout: nothing else of the address is needed then, but a billing address for the tax.',
    answers: { 200: PageOf(NearPointDto) },
  })
  async near(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Query() { cursor, limit, ...query }: PointsNearQuery,
  ): Promise<Page<NearPointDto>> {
    const [postalCode, country] = [query.postalCode ?? null, query.country ?? null];
    const list = `cart-pickup-points:${id}:${country}:${postalCode}`;
    const [nearness = null, name = null, last = null] = this.cursors.decode(list, cursor) ?? [];
    const after =
      nearness === null ? null : { nearness: Number(nearness), name: String(name), id: String(last) };
    const rows = await this.points.of(id, holder, { country, postalCode }, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, (row) => [row.nearness, row.name, row.id]);
    return { ...page, items: page.items.map(({ nearness: _nearness, ...point }) => point) };
  }
}
