import { Controller, Get, Header, Query, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permissions } from '../../platform/access/access.js';
import { csvFile, csvOf } from '../../platform/http/csv.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import {
  StockDayRowDto,
  StockDaysFileQuery,
  StockDaysQuery,
  StockValueFileQuery,
  StockValueQuery,
  StockValueRowDto,
} from './stock-value.dto.js';
import { StockValues } from './stock-values.service.js';

const WORTH = [
  ...(['currency', 'variants', 'variantsWithoutCost', 'variantsWithoutPrice', 'onHand'] as const),
  ...(['allocated', 'atCost', 'atPrice'] as const),
];
const CSV = { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } };

@ApiTags('Reports')
@Controller('/v1/admin/reports')
@Permissions('ordering:report:read')
export class StockValueController {
  constructor(private readonly values: StockValues) {}

  @Get('stock')
  @Operation({
    id: 'reportStock',
    summary: 'What the stock is worth',
    description:
      'What lies there now by location, category or product, what is worth most first: at what it was bought for (`cost` of its ' +
      'variants) and at what it is sold for. A variant counts in each currency that it has a price or a cost in, one without ' +
      'either in that of the store; currencies have rows of their own.\n\n' +
      'A product counts in each category that it stands in, and in those above: these rows do not add up to the whole.',
    answers: { 200: PageOf(StockValueRowDto) },
  })
  now(@Query() query: StockValueQuery): Promise<Page<StockValueRowDto>> {
    return this.values.now(query);
  }

  @Get('stock.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'reportStockAsCsv',
    summary: 'What the stock is worth, for a spreadsheet',
    description:
      'All rows of `GET /v1/admin/reports/stock`, with amounts in units of their currency (`19.99`).',
    answers: CSV,
  })
  file(@Query() query: StockValueFileQuery): StreamableFile {
    const rows = csvOf<StockValueRowDto>(['group', 'title', 'handle', ...WORTH], this.values.allNow(query));
    return csvFile(`stock-by-${query.groupBy}`, rows);
  }

  @Get('stock/days')
  @Operation({
    id: 'reportStockDays',
    summary: 'What the stock was worth, day by day',
    description:
      'By day of UTC, location and currency, in this order, as it was when the day began; a job notes it once. Days before the ' +
      'shop kept this, and those on which nothing lay there, have no rows.',
    answers: { 200: PageOf(StockDayRowDto) },
  })
  days(@Query() query: StockDaysQuery): Promise<Page<StockDayRowDto>> {
    return this.values.days(query);
  }

  @Get('stock/days.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'reportStockDaysAsCsv',
    summary: 'What the stock was worth, for a spreadsheet',
    description:
      'All rows of `GET /v1/admin/reports/stock/days`, with amounts in units of their currency (`19.99`).',
    answers: CSV,
  })
  daysFile(@Query() query: StockDaysFileQuery): StreamableFile {
    const rows = csvOf<StockDayRowDto>(['day', 'location', 'title', ...WORTH], this.values.allDays(query));
    return csvFile('stock-by-day', rows);
  }
}
