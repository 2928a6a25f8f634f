import { Controller, Get, Header, Post, Query, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { csvFile, csvOf } from '../../platform/http/csv.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import {
  CartsFileQuery,
  CartsQuery,
  CartsRowDto,
  CustomersQuery,
  CustomersReportsDto,
  ReportStatusDto,
  SalesFileQuery,
  SalesQuery,
  SalesRowDto,
} from './report.dto.js';
import { ReportRebuilds } from './report-rebuilds.service.js';
import { type CohortLine, Reports } from './reports.service.js';

const SALES_COLUMNS = [
  ...([
    'group',
    'title',
    'handle',
    'currency',
    'orders',
    'canceled',
    'pieces',
    'returnedPieces',
    'gross',
  ] as const),
  ...(['discount', 'shipping', 'returned', 'tax', 'net', 'total', 'refunded', 'averageOrder'] as const),
];
const CARTS_COLUMNS = [
  ...([
    'group',
    'currency',
    'abandoned',
    'pieces',
    'value',
    'recovered',
    'recoveredTotal',
    'recoveryPpm',
  ] as const),
];
const CUSTOMERS_COLUMNS = [
  'cohort',
  'month',
  'currency',
  'customers',
  'repeaters',
  'orders',
  'total',
] as const;
const CSV = { 200: { contentType: 'text/csv', description: 'The file, as it is read.' } };

@ApiTags('Reports')
@Controller('/v1/admin/reports')
@Permissions('ordering:report:read')
export class ReportController {
  constructor(
    private readonly reports: Reports,
    private readonly rebuilds: ReportRebuilds,
  ) {}

  @Get('sales')
  @Operation({
    id: 'reportSales',
    summary: 'What was sold',
    description:
      'By days, weeks or months of a time zone, in their order and without those in which nothing happened; or by product, ' +
      'category, country or promotion: the `limit` that brought in the most, or with `sort=group` all of them, page by page in ' +
      'an order that does not move while they are read. Currencies have rows of their own. An order ' +
      'counts on the day that it was placed, what came off it later on the day of that, and what a change added when it was ' +
      'paid: rows of the past only change when promotions give back with pieces.\n\n' +
      'A product counts in each category that it stood in, and in those above, when it was sold; an order for each of its ' +
      'promotions: these rows do not add up to the whole. They are seconds behind the orders.',
    answers: { 200: PageOf(SalesRowDto) },
  })
  sales(@Query() query: SalesQuery): Promise<Page<SalesRowDto>> {
    return this.reports.sales(query);
  }

  @Get('sales.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'reportSalesAsCsv',
    summary: 'What was sold, for a spreadsheet',
    description:
      'All rows of `GET /v1/admin/reports/sales` as they are at one moment, with amounts in units of their currency (`19.99`). Texts that a ' +
      'spreadsheet would run have an apostrophe before them.',
    answers: CSV,
  })
  salesFile(@Query() query: SalesFileQuery): StreamableFile {
    return csvFile(
      `sales-by-${query.groupBy}`,
      csvOf<SalesRowDto>(SALES_COLUMNS, this.reports.allSales(query)),
    );
  }

  @Get('customers')
  @Operation({
    id: 'reportCustomers',
    summary: 'Who comes back',
    description:
      'For each currency the orders of these months, what one comes to on average, how many customers were new and how many ' +
      'of them ordered again, and customers by the month of their first order with what they did in each month. A customer is ' +
      'an account or, of guests, an address. Months are those of UTC; canceled orders do not count.',
    answers: { 200: CustomersReportsDto },
  })
  async customers(@Query() query: CustomersQuery): Promise<CustomersReportsDto> {
    return { items: await this.reports.customers(query) };
  }

  @Get('customers.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'reportCustomersAsCsv',
    summary: 'Who comes back, for a spreadsheet',
    description:
      'The cohorts of `GET /v1/admin/reports/customers` as they are at one moment: a row for what the customers of one month of ' +
      'first order did in one month, with amounts in units of their currency (`19.99`). `repeaters` ordered for the second time ' +
      'in that month.',
    answers: CSV,
  })
  customersFile(@Query() query: CustomersQuery): StreamableFile {
    return csvFile(
      'customers-by-cohort',
      csvOf<CohortLine>(CUSTOMERS_COLUMNS, this.reports.allCustomers(query)),
    );
  }

  @Get('carts')
  @Operation({
    id: 'reportCarts',
    summary: 'What was left behind',
    description:
      'Carts with something in them that nobody touched for as long as the first reminder waits (`CART_REMINDER_HOURS`), each ' +
      'once, by the time that they were left, and how many of them were ordered after all.',
    answers: { 200: PageOf(CartsRowDto) },
  })
  carts(@Query() query: CartsQuery): Promise<Page<CartsRowDto>> {
    return this.reports.carts(query);
  }

  @Get('carts.csv')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'reportCartsAsCsv',
    summary: 'What was left behind, for a spreadsheet',
    description:
      'All rows of `GET /v1/admin/reports/carts` as they are at one moment, with amounts in units of their currency (`19.99`).',
    answers: CSV,
  })
  cartsFile(@Query() query: CartsFileQuery): StreamableFile {
    return csvFile(
      `carts-by-${query.groupBy}`,
      csvOf<CartsRowDto>(CARTS_COLUMNS, this.reports.allCarts(query)),
    );
  }

  @Get('status')
  @Operation({
    id: 'getReportStatus',
    summary: 'Whether reports are complete',
    description: 'Whether all orders are being counted again, and how many wait to be counted.',
    answers: { 200: ReportStatusDto },
  })
  status(): Promise<ReportStatusDto> {
    return this.rebuilds.status();
  }

  @Post('rebuild')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'rebuildReports',
    summary: 'Counts all orders again',
    description:
      'Empties the reports of sales and customers, and a job fills them from the orders; `GET /v1/admin/reports/status` tells ' +
      'when it is done. They come to the same unless somebody has worked on the database. Those of carts are left alone. ' +
      'Asked again, it begins again.',
    answers: { 202: ReportStatusDto },
  })
  rebuild(@CurrentActor() actor: Actor): Promise<ReportStatusDto> {
    return this.rebuilds.ask(actor);
  }
}
