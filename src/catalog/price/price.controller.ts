import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import {
  CurrencyCode,
  Instant,
  ListOf,
  AskingPrice,
  AskingPriceDto,
  MoneyDto,
  MoneyField,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { PriceService } from './price.service.js';

export class SetPriceDto {
  @Uuid({ description: 'Variant.' })
  variantId: string;

  @AskingPrice()
  price: AskingPriceDto;

  @AskingPrice({
    optional: true,
    nullable: true,
    description: 'Shown struck through; higher than the price.',
  })
  compareAtPrice?: AskingPriceDto | null;
}

export class SetPricesDto {
  @ListOf(() => SetPriceDto, { min: 1, max: 100 })
  prices: SetPriceDto[];
}

export class PriceDto {
  @Uuid()
  id: string;

  @Uuid()
  variantId: string;

  @MoneyField()
  price: MoneyDto;

  @MoneyField({ nullable: true })
  compareAtPrice: MoneyDto | null;

  @Instant({ description: 'Since when.' })
  validFrom: string;

  @Text({ max: 100, description: 'By whom.' })
  setBy: string;
}

class PriceQuery extends PageQuery {
  @Uuid({ description: 'Variant.' })
  variantId: string;

  @CurrencyCode({ optional: true })
  currency?: string;
}

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
    summary: 'Sets prices from now on',
    description:
      'Minor units per currency, such as 1999 for 19.99 EUR. Prices are only ever added: the one before ' +
      'stays in the history, and placed orders keep theirs. All are set or none; carts and pages show ' +
      'them within a second.',
    answers: { 204: null },
    problems: [platformProblems.not_found, catalogProblems.compare_at_too_low],
    idempotency: 'accepted',
  })
  async set(@Body() { prices }: SetPricesDto, @CurrentActor() actor: Actor): Promise<void> {
    await this.prices.set(prices, actor);
  }

  @Get()
  @Permissions('catalog:product:read')
  @Operation({
    id: 'listPrices',
    summary: 'Shows which prices a variant has had, the newest first',
    description:
      'The history of one variant, of one currency or of all: each price with the moment since which it ' +
      'holds and who set it. The first of a currency is the one that holds.',
    answers: { 200: PageOf(PriceDto) },
  })
  async history(@Query() query: PriceQuery): Promise<Page<PriceDto>> {
    const { variantId, currency = null, cursor, limit } = query;
    const list = `prices:${variantId}:${currency}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.prices.history(variantId, currency, after as string | null, limit + 1);
    return this.cursors.page(list, rows, limit, ({ id }) => [id]);
  }
}
