import { Injectable } from '@nestjs/common';
import { isISO8601 } from 'class-validator';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import type {
  StockDayRowDto,
  StockDaysFileQuery,
  StockDaysQuery,
  StockValueFileQuery,
  StockValueQuery,
  StockValueRowDto,
} from './stock-value.dto.js';
import {
  type StockAsked,
  type StockDayRow,
  type StockGroup,
  StockValueRepository,
  type StockValueRow,
} from './stock-value.repository.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 3 * 366;
const USUAL_DAYS = 30;
const AT_ONCE = 5_000;

/** What lies on the shelves and what it is worth, now and at the beginning of each day. */
@Injectable()
export class StockValues {
  constructor(
    private readonly stock: StockValueRepository,
    private readonly cursors: Cursors,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async now({ limit, cursor, groupBy, ...asked }: StockValueQuery): Promise<Page<StockValueRowDto>> {
    const what = whatOf(asked);
    const name = `stock-value:${groupBy}:${JSON.stringify(what)}`;
    const [rank, key, currency] = this.cursors.decode(name, cursor) ?? [];
    const after = rank == null ? null : { rank: String(rank), key: String(key), currency: String(currency) };
    const rows = await this.stock.values(groupBy, what, this.config.storeCurrency, after, limit + 1);
    const page = this.cursors.page(name, rows, limit, (row) => [row.rank, row.key, row.currency]);
    return { ...page, items: page.items.map(toRow) };
  }

  /** Every row; what is wrong with the question is told before the first. */
  allNow({ groupBy, ...asked }: StockValueFileQuery): AsyncIterable<StockValueRowDto> {
    return this.rowsOf(groupBy, whatOf(asked));
  }

  async days({ limit, cursor, ...asked }: StockDaysQuery): Promise<Page<StockDayRowDto>> {
    const what = this.daysOf(asked);
    const name = `stock-days:${JSON.stringify(what)}`;
    const [day, key, currency] = this.cursors.decode(name, cursor) ?? [];
    const after = day == null ? null : { day: String(day), key: String(key), currency: String(currency) };
    const rows = await this.stock.days(what, after, limit + 1);
    const page = this.cursors.page(name, rows, limit, (row) => [row.day, row.key, row.currency]);
    return { ...page, items: page.items.map(toDay) };
  }

  /** Every row; what is wrong with the question is told before the first. */
  allDays(asked: StockDaysFileQuery): AsyncIterable<StockDayRowDto> {
    return this.allOf(this.daysOf(asked));
  }

  /** Notes what lies there for the history, unless this day has been noted. */
  async noteToday(): Promise<void> {
    await this.stock.note(dayOf(this.clock.now()), this.config.storeCurrency);
  }

  private async *rowsOf(groupBy: StockGroup, what: StockAsked): AsyncGenerator<StockValueRowDto> {
    for (let last: StockValueRow | null = null; ;) {
      const rows = await this.stock.values(groupBy, what, this.config.storeCurrency, last, AT_ONCE);
      for (const row of rows) yield toRow(row);
      last = rows.at(-1) ?? null;
      if (!last || rows.length < AT_ONCE) return;
    }
  }

  private async *allOf(what: StockAsked & { from: string; to: string }): AsyncGenerator<StockDayRowDto> {
    for (let last: StockDayRow | null = null; ;) {
      const rows = await this.stock.days(what, last, AT_ONCE);
      for (const row of rows) yield toDay(row);
      last = rows.at(-1) ?? null;
      if (!last || rows.length < AT_ONCE) return;
    }
  }

  private daysOf({ from, to, ...asked }: StockDaysFileQuery): StockAsked & { from: string; to: string } {
    const last = to === undefined ? this.clock.now() : dateOf('/to', to);
    const first =
      from === undefined ? new Date(last.getTime() - (USUAL_DAYS - 1) * DAY_MS) : dateOf('/from', from);
    const days = (last.getTime() - first.getTime()) / DAY_MS;
    if (days < 0) refuse('/to', 'too_small', 'must not be before `from`');
    if (days >= MOST_DAYS) refuse('/to', 'too_large', `must be at most ${MOST_DAYS - 1} days after \`from\``);
    return { ...whatOf(asked), from: dayOf(first), to: dayOf(last) };
  }
}

/** A file has begun when its first row is read: what no location could be called is refused before. */
function whatOf({ location = null, currency = null }: Partial<StockAsked>): StockAsked {
  if (location !== null && !/^[a-z0-9-]+$/.test(location))
    refuse('/location', 'malformed', 'must be the code of a location: small letters, digits and -');
  return { location, currency };
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

function dateOf(pointer: string, day: string): Date {
  if (day < '1970' || !isISO8601(day, { strict: true }))
    refuse(pointer, 'not_day', 'must be a day of the calendar, after 1970');
  return new Date(`${day}T00:00:00Z`);
}

function refuse(pointer: string, code: string, message: string): never {
  throw platformProblems.invalid_input(undefined, { errors: [{ pointer, code, message }] });
}

const worthOf = (row: Omit<StockValueRow, 'rank' | 'handle'>) => ({
  currency: row.currency,
  variants: Number(row.variants),
  variantsWithoutCost: Number(row.withoutCost),
  variantsWithoutPrice: Number(row.withoutPrice),
  onHand: Number(row.onHand),
  allocated: Number(row.allocated),
  atCost: Money.of(BigInt(row.atCost), row.currency).toJSON(),
  atPrice: Money.of(BigInt(row.atPrice), row.currency).toJSON(),
});

const toRow = (row: StockValueRow): StockValueRowDto => ({
  group: row.key,
  title: row.title,
  handle: row.handle,
  ...worthOf(row),
});

const toDay = (row: StockDayRow): StockDayRowDto => ({
  day: row.day,
  location: row.key,
  title: row.title ?? '',
  ...worthOf(row),
});
