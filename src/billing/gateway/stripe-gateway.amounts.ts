import { exponentOf, isCurrency } from '../../platform/money/currencies.js';
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
export function toStripe(money: Money, pointer?: string): number {
  const { amount, currency } = money;
  const ours = exponentOf(currency);
  const theirs = currency in OTHER_EXPONENTS ? (OTHER_EXPONENTS[currency] ?? null) : ours;
  if (theirs === null) throw refused(pointer);
  const [up, down] = [10n ** BigInt(Math.max(0, theirs - ours)), 10n ** BigInt(Math.max(0, ours - theirs))];
  const sent = (amount * up) / down;
  const isExact = (amount * up) % down === 0n && sent % (STEPS[theirs] ?? 1n) === 0n;
  if (!isExact || sent > BigInt(Number.MAX_SAFE_INTEGER)) throw refused(pointer);
  return Number(sent);
}

const refused = (pointer?: string) =>
  gatewayProblems.amount_not_representable(
    undefined,
    pointer === undefined
      ? {}
      : {
          errors: [{ pointer, code: 'not_representable', message: 'is no amount that the gateway can take' }],
        },
  );

/** An amount that Stripe tells, in our minor units. Throws when ours cannot hold it. */
export function fromStripe(amount: number, currency: string): Money {
  const { units, isExact } = cutFromStripe(amount, currency);
  if (!isExact)
    throw new RangeError(`Stripe told ${amount} ${currency}, which is no whole minor unit of ours`);
  return Money.of(units, currency.toUpperCase());
}

/**
 * As `fromStripe`, cut to whole minor units, where those hold not all of it. Of a currency that is none of ours, as its `usdc`, nobody
 * here knows what its numbers mean: it is cut to nothing.
 */
export function cutFromStripe(amount: number, currency: string): { units: bigint; isExact: boolean } {
  const code = currency.toUpperCase();
  if (!isTellable(amount, code)) return { units: 0n, isExact: false };
  const [ours, theirs] = [exponentOf(code), placesOf(code)];
  const [up, down] = [10n ** BigInt(Math.max(0, ours - theirs)), 10n ** BigInt(Math.max(0, theirs - ours))];
  const told = BigInt(amount) * up;
  return { units: told / down, isExact: told % down === 0n };
}

/** An amount as Stripe tells it, for people: its own units as a decimal, or just its number where that means nothing here. */
export function asToldByStripe(amount: number, currency: string): string {
  const code = currency.toUpperCase();
  if (!isTellable(amount, code)) return `${amount} units`;
  const places = placesOf(code);
  const digits = Math.abs(amount)
    .toString()
    .padStart(places + 1, '0');
  const whole = `${amount < 0 ? '-' : ''}${digits.slice(0, digits.length - places)}`;
  return places === 0 ? whole : `${whole}.${digits.slice(-places)}`;
}

const isTellable = (amount: number, code: string): boolean =>
  isCurrency(code) && Number.isSafeInteger(amount);
const placesOf = (code: string): number => OTHER_EXPONENTS[code] ?? exponentOf(code);
