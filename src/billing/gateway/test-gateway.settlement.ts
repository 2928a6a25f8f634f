import { createHash } from 'node:crypto';
import type { Book, Entry } from './test-gateway.book.js';

const DAY = 86_400_000;
const DISPUTE_FEE = 1500;

/** A line of the account statement; amounts in minor units, + is what the shop is owed. */
export interface Settled {
  readonly id: string;
  readonly kind: 'charge' | 'refund' | 'fee' | 'dispute' | 'dispute_fee' | 'payout';
  readonly ref: string | null;
  readonly operationId: string | null;
  readonly amount: number;
  readonly fee: number;
  readonly currency: string;
  readonly at: string;
  readonly payoutRef: string | null;
}

/** What the statement lies about on request, so that whoever reconciles with it has something to find. */
export interface SettlementKnobs {
  /** Operations that it does not tell of, that it tells of twice, and that it tells one minor unit too much of. */
  readonly hide?: readonly string[];
  readonly double?: readonly string[];
  readonly wrong?: readonly string[];
  readonly add?: readonly Omit<Settled, 'payoutRef'>[];
}

/**
 * The statement of an account, worked out from its journal: each movement with its fee (1.4 % and 25 minor units of a charge), and
 * at midnight (UTC) a payout of all that came in before and is not paid out yet.
 */
export function settlement(
  book: Book,
  account: string,
  { hide = [], double = [], wrong = [], add = [] }: SettlementKnobs,
): Settled[] {
  const isOf = (ids: readonly string[], { operationId }: Settled) =>
    operationId !== null && ids.includes(operationId);
  const told = book.entries
    .filter((entry) => entry.account === account)
    .flatMap(linesOf)
    .concat(add.map((line) => ({ ...line, payoutRef: null })))
    .filter((line) => !isOf(hide, line))
    .flatMap((line) => (isOf(double, line) ? [line, { ...line, id: `${line.id}_again` }] : [line]))
    .map((line) => (isOf(wrong, line) ? { ...line, amount: line.amount + 1 } : line))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const currencies = [...new Set(told.map((line) => line.currency))];
  return currencies.flatMap((currency) =>
    withPayouts(
      account,
      told.filter((line) => line.currency === currency),
      book.now(account),
    ),
  );
}

function linesOf({ seq, at, what, moved, operationId, ref, currency }: Entry): Settled[] {
  const kind = what.startsWith('refund') ? 'refund' : what.startsWith('dispute') ? 'dispute' : 'charge';
  const base = { ref, currency, at, payoutRef: null };
  const id = `txn_${seq}`;
  const fee = kind === 'charge' ? Math.round((moved * 14) / 1000) + 25 : 0;
  const of = kind === 'dispute' ? null : operationId;
  const lines: Settled[] = moved === 0 ? [] : [{ ...base, id, kind, operationId: of, amount: moved, fee }];
  if (what === 'dispute.opened')
    lines.push({
      ...base,
      id: `${id}_fee`,
      kind: 'dispute_fee',
      operationId: null,
      amount: -DISPUTE_FEE,
      fee: 0,
    });
  return lines;
}

function withPayouts(account: string, lines: readonly Settled[], now: number): Settled[] {
  const [first] = lines;
  const paid: Settled[] = [];
  let waiting: Settled[] = [];
  let next = 0;
  if (!first) return [];
  for (let midnight = (Math.floor(Date.parse(first.at) / DAY) + 1) * DAY; midnight <= now; midnight += DAY) {
    for (let line = lines[next]; line && Date.parse(line.at) < midnight; line = lines[++next])
      waiting.push(line);
    const sum = waiting.reduce((total, { amount, fee }) => total + amount - fee, 0);
    // What is owed to the gateway waits until a day brings more.
    if (sum <= 0) continue;
    const { currency } = first;
    const ref = `po_${createHash('sha256').update(`${account} ${currency} ${midnight}`).digest('hex').slice(0, 24)}`;
    const at = new Date(midnight).toISOString();
    paid.push(...waiting.map((line) => ({ ...line, payoutRef: ref })), {
      id: `txn_${ref}`,
      kind: 'payout',
      ref,
      operationId: null,
      amount: -sum,
      fee: 0,
      currency,
      at,
      payoutRef: ref,
    });
    waiting = [];
  }
  return [...paid, ...waiting, ...lines.slice(next)];
}

/** The lines of a span of time, with those of older days that were paid out in it, oldest first. */
export function between(lines: readonly Settled[], from: string, to: string): Settled[] {
  const within = ({ at }: Settled) => at >= from && at < to;
  const payouts = new Set(
    lines.filter((line) => line.kind === 'payout' && within(line)).map(({ ref }) => ref),
  );
  return lines
    .filter((line) => within(line) || (line.payoutRef !== null && payouts.has(line.payoutRef)))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
