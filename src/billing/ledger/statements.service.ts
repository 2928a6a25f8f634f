import { Injectable } from '@nestjs/common';
import { Cursors } from '../../platform/http/page.js';
import { Money } from '../../platform/money/money.js';
import { chartAccountOf } from './chart.js';
import { assertSpan } from './day.js';
import { LedgerChain } from './ledger-chain.service.js';
import { ledgerProblems } from './ledger.errors.js';
import type { StatementDto, StatementFileQuery, StatementLineDto, StatementQuery } from './statement.dto.js';
import {
  type StatementOf,
  type StatementPlace,
  StatementRepository,
  type StatementRow,
} from './statement.repository.js';

/** What one reading carries from page to page: all pages tell of the same moment. */
interface Reading {
  readonly asOf: number;
  readonly opening: bigint;
  readonly closing: bigint;
  /** After the last line that was told. */
  readonly balance: bigint;
  readonly after: StatementPlace | null;
}

/** A line for a spreadsheet: amounts in units of the currency. */
export interface StatementFileLine extends Omit<StatementLineDto, 'amount' | 'balance'> {
  readonly account: string;
  readonly currency: string;
  readonly amount: { amount: number; currency: string } | null;
  readonly balance: { amount: number; currency: string };
}

const AT_ONCE = 1_000;

/** Statements of accounts: what was there, what moved it, and what it came to. */
@Injectable()
export class Statements {
  constructor(
    private readonly rows: StatementRepository,
    private readonly chain: LedgerChain,
    private readonly cursors: Cursors,
  ) {}

  /**
   * A page of lines with the balance after each. What is booked between two pages changes neither: it belongs to the next
   * reading. 404 for an account that the chart does not know, 400 for days that do not exist.
   */
  async page(account: string, query: StatementQuery): Promise<StatementDto> {
    const { type, meaning } = knownAccount(account);
    const of = spanOf(account, query);
    const list = `statement ${JSON.stringify(of)}`;
    const reading = readingOf(this.cursors.decode(list, query.cursor)) ?? (await this.begin(of));
    const rows = await this.rows.lines(of, reading.asOf, reading.after, query.limit + 1);
    const { lines, end } = told(rows.slice(0, query.limit), of.currency, reading);
    return {
      ...{ account, type, meaning, asOf: reading.asOf, items: lines },
      opening: Money.of(reading.opening, of.currency).toJSON(),
      closing: Money.of(reading.closing, of.currency).toJSON(),
      nextCursor: rows.length > query.limit ? this.cursors.encode(list, keyOf(end)) : null,
    };
  }

  /** All lines of one reading, between a line for the opening balance and one for the closing balance. */
  async *all(account: string, query: StatementFileQuery): AsyncGenerator<StatementFileLine> {
    const of = spanOf(account, query);
    let reading = await this.begin(of);
    const mark = (kind: string, day: string | null, balance: bigint): StatementFileLine => ({
      ...{
        transactionId: '',
        position: 0,
        bookedOn: day ?? '',
        effectiveAt: '',
        kind,
        sourceType: '',
        sourceId: '',
      },
      ...{ paymentId: null, orderId: null, invoiceId: null, account, currency: of.currency, amount: null },
      balance: Money.of(balance, of.currency).toJSON(),
    });
    yield mark('opening', of.from, reading.opening);
    for (let more = true; more;) {
      const rows = await this.rows.lines(of, reading.asOf, reading.after, AT_ONCE);
      const { lines, end } = told(rows, of.currency, reading);
      for (const line of lines) yield { ...line, account, currency: of.currency };
      reading = end;
      more = rows.length === AT_ONCE;
    }
    yield mark('closing', of.to, reading.closing);
  }

  /** What is committed is sealed first, so that a statement misses nothing. */
  private async begin(of: StatementOf): Promise<Reading> {
    await this.chain.seal();
    const { asOf, opening, closing } = await this.rows.frame(of);
    return { asOf, opening, closing, balance: opening, after: null };
  }
}

/** The kind of account; 404 when the chart knows none. */
export function knownAccount(code: string) {
  const account = chartAccountOf(code);
  if (account === null) throw ledgerProblems.account_not_found();
  return account;
}

function spanOf(account: string, { from, to, currency }: StatementFileQuery): StatementOf {
  assertSpan({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
  return { account, currency, from: from ?? null, to: to ?? null };
}

function told(rows: readonly StatementRow[], currency: string, reading: Reading) {
  let { balance, after } = reading;
  const lines = rows.map(({ entry, effectiveAt, amount, ...row }): StatementLineDto => {
    balance += BigInt(amount);
    after = [row.bookedOn, row.transactionId, entry];
    return {
      ...row,
      effectiveAt: effectiveAt.toISOString(),
      amount: Money.of(BigInt(amount), currency).toJSON(),
      balance: Money.of(balance, currency).toJSON(),
    };
  });
  return { lines, end: { ...reading, balance, after } };
}

type Key = (string | number | null)[];

const keyOf = ({ asOf, opening, closing, balance, after }: Reading): Key => [
  ...[asOf, String(opening), String(closing), String(balance)],
  ...(after ?? []),
];

/** Signed by us: the balances that a page begins with are not made up by whoever asks. */
function readingOf(key: Key | null): Reading | null {
  if (key === null) return null;
  const [asOf, opening, closing, balance, day, id, entry] = key;
  return {
    asOf: Number(asOf),
    opening: BigInt(opening ?? 0),
    closing: BigInt(closing ?? 0),
    balance: BigInt(balance ?? 0),
    after: [String(day), String(id), Number(entry)],
  };
}
