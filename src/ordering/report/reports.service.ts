import { Injectable } from '@nestjs/common';
import { isISO8601 } from 'class-validator';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import type {
  CartsFileQuery,
  CartsQuery,
  CartsRowDto,
  CohortDto,
  CustomersQuery,
  CustomersReportDto,
  SalesFileQuery,
  SalesQuery,
  SalesRowDto,
} from './report.dto.js';
import {
  type After,
  type CartsRow,
  type CohortMonth,
  isSpan,
  type Period,
  ReportsRepository,
  type SalesRow,
} from './reports.repository.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 3 * 366;
const USUAL_DAYS = 30;
const MOST_MONTHS = 36;
const USUAL_MONTHS = 12;

type Asked = Pick<SalesQuery, 'from' | 'to' | 'timeZone' | 'currency'>;

/** What the customers of one month of first order did in one month, as a file has it. */
export interface CohortLine {
  cohort: string;
  month: string;
  currency: string;
  customers: number;
  repeaters: number;
  orders: number;
  total: MoneyJson;
}

/** Reports for staff: pages by keyset, or all rows for a file. */
@Injectable()
export class Reports {
  constructor(
    private readonly reports: ReportsRepository,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** Times in their order. All else by what it brought in, the most first, or by its key: only keys stay where they are. */
  async sales({ limit, cursor, groupBy, sort, ...asked }: SalesQuery): Promise<Page<SalesRowDto>> {
    const period = periodOf(asked, this.clock.now());
    if (!isSpan(groupBy) && sort === 'total') {
      // Sums go on moving: a page after this one would miss what has overtaken it, so there is none.
      if (cursor !== undefined)
        refuse('/cursor', 'not_paged', 'does not go with `sort=total`: ask with `sort=group`');
      const best = await this.reports.sales(groupBy, period, 'total', null, limit);
      return { items: best.map(toSales), nextCursor: null };
    }
    const name = `sales:${groupBy}:${JSON.stringify(period)}`;
    const after = afterOf(this.cursors.decode(name, cursor));
    const rows = await this.reports.sales(groupBy, period, 'group', after, limit + 1);
    const page = this.cursors.page(name, rows, limit, ({ key, currency }) => [key, currency]);
    return { ...page, items: page.items.map(toSales) };
  }

  /** Every row of one moment; what is wrong with the question is told before the first. */
  allSales({ groupBy, sort, ...asked }: SalesFileQuery): AsyncIterable<SalesRowDto> {
    const period = periodOf(asked, this.clock.now());
    return allOf(() => this.reports.sales(groupBy, period, sort, null, null), toSales);
  }

  async carts({ limit, cursor, groupBy, ...asked }: CartsQuery): Promise<Page<CartsRowDto>> {
    const period = periodOf(asked, this.clock.now());
    const name = `carts-left:${groupBy}:${JSON.stringify(period)}`;
    const after = afterOf(this.cursors.decode(name, cursor));
    const rows = await this.reports.carts(groupBy, period, after, limit + 1);
    const page = this.cursors.page(name, rows, limit, ({ key, currency }) => [key, currency]);
    return { ...page, items: page.items.map(toCarts) };
  }

  /** Every row of one moment; what is wrong with the question is told before the first. */
  allCarts({ groupBy, ...asked }: CartsFileQuery): AsyncIterable<CartsRowDto> {
    const period = periodOf(asked, this.clock.now());
    return allOf(() => this.reports.carts(groupBy, period, null, null), toCarts);
  }

  async customers(query: CustomersQuery): Promise<CustomersReportDto[]> {
    const { from, to, currency } = monthsOf(query, this.clock.now());
    const rows = await this.reports.cohorts(`${from}-01`, `${to}-01`, currency);
    const currencies = [...new Set(rows.map((row) => row.currency))];
    return currencies.map((one) =>
      toCustomers(
        one,
        rows.filter((row) => row.currency === one),
        from,
      ),
    );
  }

  /** Every cohort in every month, of one moment; what is wrong with the question is told before the first. */
  allCustomers(query: CustomersQuery): AsyncIterable<CohortLine> {
    const { from, to, currency } = monthsOf(query, this.clock.now());
    return allOf(() => this.reports.cohorts(`${from}-01`, `${to}-01`, currency), toCohortLine);
  }
}

/** What one statement has read: rows that change while the file is sent are in it once, as they were. */
async function* allOf<R, T>(read: () => Promise<R[]>, view: (row: R) => T): AsyncGenerator<T> {
  for (const row of await read()) yield view(row);
}

function monthsOf({ currency, ...asked }: CustomersQuery, now: Date) {
  const { to = now.toISOString().slice(0, 7) } = asked;
  const { from = monthOf(monthNumber(to) - USUAL_MONTHS + 1) } = asked;
  const months = monthNumber(to) - monthNumber(from) + 1;
  if (months < 1) refuse('/to', 'too_small', 'must not be before `from`');
  if (months > MOST_MONTHS)
    refuse('/to', 'too_large', `must be at most ${MOST_MONTHS - 1} months after \`from\``);
  return { from, to, currency: currency ?? null };
}

function afterOf(key: (string | number | null)[] | null): After {
  return key && { key: String(key[0]), currency: String(key[1]) };
}

function periodOf({ timeZone, currency, ...asked }: Asked, now: Date): Period {
  if (!isTimeZone(timeZone))
    refuse('/timeZone', 'not_time_zone', 'must be an IANA time zone such as Europe/Berlin');
  const { to = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(now) } = asked;
  const last = dayOf('/to', to);
  const { from = new Date(last - (USUAL_DAYS - 1) * DAY_MS).toISOString().slice(0, 10) } = asked;
  const days = (last - dayOf('/from', from)) / DAY_MS;
  if (days < 0) refuse('/to', 'too_small', 'must not be before `from`');
  if (days >= MOST_DAYS) refuse('/to', 'too_large', `must be at most ${MOST_DAYS - 1} days after \`from\``);
  return { from, to, timeZone, currency: currency ?? null };
}

function dayOf(pointer: string, day: string): number {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const at = Date.UTC(year, month - 1, date);
  // A 30th of February would be counted on into March.
  if (year < 1970 || !isISO8601(day, { strict: true }))
    refuse(pointer, 'not_day', 'must be a day of the calendar, after 1970');
  return at;
}

function isTimeZone(name: string): boolean {
  // An offset such as +02:00 is one to some machines and its opposite to others.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function refuse(pointer: string, code: string, message: string): never {
  throw platformProblems.invalid_input(undefined, { errors: [{ pointer, code, message }] });
}

/** Months since the year 0, and back. */
const monthNumber = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
const monthOf = (number: number): string =>
  `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
const count = (text: string): number => Number(text);
const ppm = (part: bigint, whole: bigint): number =>
  whole === 0n ? 0 : Math.min(Number((part * 1_000_000n) / whole), 1_000_000);
const average = (total: bigint, orders: bigint, currency: string): MoneyJson | null =>
  orders > 0n ? Money.of(total, currency).timesRatio(1n, orders).toJSON() : null;

function toSales(row: SalesRow): SalesRowDto {
  const { key: group, title, handle, currency } = row;
  const money = (text: string | bigint) => Money.of(BigInt(text), currency).toJSON();
  return {
    ...{ group, title, handle, currency },
    orders: count(row.orders),
    canceled: count(row.canceled),
    pieces: count(row.pieces),
    returnedPieces: count(row.returnedPieces),
    gross: money(row.gross),
    discount: money(row.discount),
    shipping: money(row.shipping),
    returned: money(row.returned),
    tax: money(row.tax),
    net: money(BigInt(row.total) - BigInt(row.tax)),
    total: money(row.total),
    refunded: money(row.refunded),
    averageOrder: average(BigInt(row.total) + BigInt(row.returned), BigInt(row.orders), currency),
  };
}

function toCarts(row: CartsRow): CartsRowDto {
  const money = (text: string) => Money.of(BigInt(text), row.currency).toJSON();
  return {
    group: row.key,
    currency: row.currency,
    abandoned: count(row.abandoned),
    pieces: count(row.pieces),
    value: money(row.value),
    recovered: count(row.recovered),
    recoveredTotal: money(row.recoveredTotal),
    recoveryPpm: ppm(BigInt(row.recovered), BigInt(row.abandoned)),
  };
}

const toCohortLine = ({ currency, cohort, month, ...row }: CohortMonth): CohortLine => ({
  ...{ cohort, month, currency },
  customers: count(row.customers),
  repeaters: count(row.repeaters),
  orders: count(row.orders),
  total: Money.of(BigInt(row.total), currency).toJSON(),
});

function toCustomers(currency: string, rows: readonly CohortMonth[], from: string): CustomersReportDto {
  const sum = (of: readonly CohortMonth[], name: 'customers' | 'repeaters' | 'orders' | 'total') =>
    of.reduce((all, row) => all + BigInt(row[name]), 0n);
  const money = (amount: bigint) => Money.of(amount, currency).toJSON();
  const cohorts = [...new Set(rows.map(({ cohort }) => cohort))].map((cohort): CohortDto => {
    const own = rows.filter((row) => row.cohort === cohort);
    return {
      cohort,
      customers: Number(
        sum(
          own.filter(({ month }) => month === cohort),
          'customers',
        ),
      ),
      repeaters: Number(sum(own, 'repeaters')),
      months: own.map(({ month, customers, orders, total }) => ({
        ...{ month, customers: count(customers), orders: count(orders), total: money(BigInt(total)) },
      })),
    };
  });
  const fresh = rows.filter(({ cohort }) => cohort >= from);
  const newCustomers = sum(
    fresh.filter(({ cohort, month }) => cohort === month),
    'customers',
  );
  const repeaters = sum(fresh, 'repeaters');
  return {
    currency,
    orders: Number(sum(rows, 'orders')),
    total: money(sum(rows, 'total')),
    averageOrder: average(sum(rows, 'total'), sum(rows, 'orders'), currency),
    newCustomers: Number(newCustomers),
    repeaters: Number(repeaters),
    repeatPpm: ppm(repeaters, newCustomers),
    cohorts,
  };
}
