import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { PriceDto, PriceQuery, SetPricesDto } from './price.dto.js';
import { PriceService } from './price.service.js';

/** The price ledger. */
@Controller('v1/admin/prices')
@ApiTags('Prices')
export class PriceController {
  constructor(
    private readonly prices: PriceService,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @Permissions('catalog:product:write')
  @Operation({
    id: 'setPrices',
    example: {
      prices: [
        {
          variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          price: { amount: 1999, currency: 'EUR' },
          compareAtPrice: { amount: 2499, currency: 'EUR' },
        },
        {
          variantId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          priceListId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          minQuantity: 10,
          price: { amount: 1499, currency: 'EUR' },
        },
      ],
    },
    summary: 'Sets prices from now on',
    description:
      'Minor units per currency, such as 1999 for 19.99 EUR. Prices are only ever added: the one before ' +
      'stays in the history, and placed orders keep theirs. All are set or none; carts and pages show ' +
      'them within a second.\n\n' +
      'With `priceListId` it is a price of that list, from `minQuantity` pieces on; `price: null` takes ' +
      'it out again. Of the lists that apply to a shopper (currency, group, window, quantity) the one ' +
      'with the highest priority decides, among equals the lowest price; without any the base price.',
    answers: { 204: null },
    problems: [
      platformProblems.not_found,
      catalogProblems.compare_at_too_low,
      catalogProblems.price_list_currency,
    ],
    idempotency: 'accepted',
  })
  async set(@Body() { prices }: SetPricesDto, @CurrentActor() actor: Actor): Promise<void> {
    await this.prices.set(prices, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listPrices',
    summary: 'Shows the ledger of prices, the newest first',
    description:
      'Of a variant, of a price list, of a currency, or of all: each price with its list and quantity, the ' +
      'moment since which it stands there and who set it. A row without a price took it out of its list.',
    answers: { 200: PageOf(PriceDto) },
  })
  async history(@Query() query: PriceQuery): Promise<Page<PriceDto>> {
    const { variantId = null, priceListId = null, currency = null, cursor, limit } = query;
    const list = `prices:${variantId}:${priceListId}:${currency}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const filter = { variantId, priceListId, currency };
    const rows = await this.prices.history(filter, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }
}
