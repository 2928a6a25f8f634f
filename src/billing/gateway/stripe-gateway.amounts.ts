import { exponentOf } from '../../platform/money/currencies.js';
import { Money } from '../../platform/money/money.js';
import { gatewayProblems } from './gateway.errors.js';

/**
 * Decimal places that Stripe counts in where they are not those of ISO 4217: it takes ariary only whole, and kept two places for
 * krónur and shillings when their cents were given up ("5 ISK" is sent as 500). Null: Stripe does not take it.
 */
const OTHER_EXPONENTS: Readonly<Record<string, number | null>> = {
  MGA: 0,
  ISK: 2,
  UGX: 2,
  CLF: null,
  IQD: null,
  LYD: null,
  UYI: null,
  UYW: null,
};
/** The smallest step inside Stripe's own counting: thousandths of a dinar must end in 0. */
const STEPS: Readonly<Record<number, bigint>> = { 3: 10n };

/** An amount as Stripe counts it. Throws `billing.amount_not_representable`; nothing is rounded. */
export function toStripe(money: Money): number {
  const { amount, currency } = money;
  const ours = exponentOf(currency);
  const theirs = currency in OTHER_EXPONENTS ? (OTHER_EXPONENTS[currency] ?? null) : ours;
  if (theirs === null) throw gatewayProblems.amount_not_representable();
  const [up, down] = [10n ** BigInt(Math.max(0, theirs - ours)), 10n ** BigInt(Math.max(0, ours - theirs))];
  const sent = (amount * up) / down;
  const isExact = (amount * up) % down === 0n && sent % (STEPS[theirs] ?? 1n) === 0n;
  if (!isExact || sent > BigInt(Number.MAX_SAFE_INTEGER)) throw gatewayProblems.amount_not_representable();
  return Number(sent);
}

/** An amount that Stripe tells, in our minor units. Throws when ours cannot hold it. */
export function fromStripe(amount: number, currency: string): Money {
  const { money, rest } = cutFromStripe(amount, currency);
  if (rest !== 0n)
    throw new RangeError(`Stripe told ${amount} ${money.currency}, which is no whole minor unit`);
  return money;
}

/** As `fromStripe`, cut to whole minor units: `rest` is what of Stripe's own units did not fit, 0 where all of it did. */
export function cutFromStripe(amount: number, currency: string): { money: Money; rest: bigint } {
  const code = currency.toUpperCase();
  const [ours, theirs] = [exponentOf(code), placesOf(code)];
  const [up, down] = [10n ** BigInt(Math.max(0, ours - theirs)), 10n ** BigInt(Math.max(0, theirs - ours))];
  const told = BigInt(amount) * up;
  return { money: Money.of(told / down, code), rest: told % down };
}

/** An amount as Stripe tells it, for people: its own units as a decimal. */
export function asToldByStripe(amount: number, currency: string): string {
  const places = placesOf(currency.toUpperCase());
  const digits = Math.abs(amount)
    .toString()
    .padStart(places + 1, '0');
  const whole = `${amount < 0 ? '-' : ''}${digits.slice(0, digits.length - places)}`;
  return places === 0 ? whole : `${whole}.${digits.slice(-places)}`;
}

const placesOf = (code: string): number => OTHER_EXPONENTS[code] ?? exponentOf(code);
