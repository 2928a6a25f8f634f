import type { Measurement } from './load.js';
import { P99_TARGET, type Scenario } from './scenarios.js';
import type { StatementCount } from './statements.js';

/** A measurement with the processor time of one piece of work, in milliseconds: of the process, of the database. */
export interface Round extends Measurement {
  processMs: number;
  databaseMs: number;
}

/** One scenario with what both sides did, the mean of all rounds. */
export interface Result {
  scenario: Scenario;
  product: Round;
  yardstick: Round;
}

const COLUMNS = [
  ...['scenario', 'product/s', 'yardstick/s', 'ratio', 'target', 'p50 ms', 'p99 ms', 'p99 ×'],
  // Milliseconds of processor time for one: of the process and of the database.
  ...['CPU ms', 'yardstick', 'verdict'],
];

/** The table as Markdown, so that it can be pasted where it is discussed. */
export function table(results: Result[]): string {
  const rows = [COLUMNS, COLUMNS.map(() => ''), ...results.map(rowOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, at) => {
      const cells = row.map((cell, column) =>
        pad(cell, widths[column] ?? 0, column > 0 && column < COLUMNS.length - 1, at === 1),
      );
      return `| ${cells.join(' | ')} |`;
    })
    .join('\n');
}

export function statementTable(title: string, { statements, commits, list }: StatementCount): string {
  const head = `${title}: ${statements} SQL statements, ${commits ?? '?'} durable commits`;
  const lines = list.map(
    ({ text, calls, milliseconds }) =>
      `  ${calls.toFixed(1).padStart(5)} × ${milliseconds.toFixed(3).padStart(8)} ms  ${text.slice(0, 140)}`,
  );
  return [head, ...lines].join('\n');
}

/** The mean of the rounds; two are enough to see that the machine was not quiet. */
export function mean(rounds: Round[]): Round {
  const average = (of: (round: Round) => number): number =>
    rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length;
  const statuses: Record<string, number> = {};
  for (const round of rounds)
    for (const [status, count] of Object.entries(round.statuses))
      statuses[status] = (statuses[status] ?? 0) + count;
  return {
    perSecond: average(({ perSecond }) => perSecond),
    p50: average(({ p50 }) => p50),
    p95: average(({ p95 }) => p95),
    p99: average(({ p99 }) => p99),
    done: average(({ done }) => done),
    processMs: average(({ processMs }) => processMs),
    databaseMs: average(({ databaseMs }) => databaseMs),
    statuses,
    complaint: rounds.find(({ complaint }) => complaint !== null)?.complaint ?? null,
  };
}

export const ratioOf = ({ product, yardstick }: Result): number => product.perSecond / yardstick.perSecond;

function rowOf(result: Result): string[] {
  const { scenario, product, yardstick } = result;
  const late = product.p99 / yardstick.p99;
  return [
    scenario.title,
    rate(product.perSecond),
    rate(yardstick.perSecond),
    share(ratioOf(result)),
    `≥ ${share(scenario.target)}`,
    product.p50.toFixed(1),
    product.p99.toFixed(1),
    late.toFixed(1),
    cost(product),
    cost(yardstick),
    verdict(result, late),
  ];
}

function verdict(result: Result, late: number): string {
  if (result.product.complaint ?? result.yardstick.complaint) return 'REFUSED';
  const slow = ratioOf(result) < result.scenario.target;
  const uneven = late > P99_TARGET && result.scenario.work === 'list';
  return slow ? 'too slow' : uneven ? 'p99 too far' : 'reached';
}

const rate = (perSecond: number): string =>
  perSecond.toLocaleString('en', { maximumFractionDigits: perSecond < 100 ? 1 : 0 });
const cost = ({ processMs, databaseMs }: Round): string =>
  `${milliseconds(processMs)} + ${milliseconds(databaseMs)}`;
const milliseconds = (time: number): string => time.toFixed(time < 1 ? 2 : 1);
const share = (part: number): string => `${Math.round(part * 100)} %`;

function pad(cell: string, width: number, right: boolean, rule: boolean): string {
  if (rule) return right ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width);
  return right ? cell.padStart(width) : cell.padEnd(width);
}
