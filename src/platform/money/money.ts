import { exponentOf } from './currencies.js';

const MAX_JSON = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * What one piece, or one parcel, may cost at most, in minor units: 100 lines of 999 of the dearest, taxed with 100 % on
 * top and sent for as much, still come to a number that JSON holds exactly.
 */
export const MAX_PRICE = 40_000_000_000;

/**
 * What an order or an invoice comes to at most, and what a person writes down at most in one go, in minor units: neither a slip of the
 * finger nor the dearest cart must bring the sums of the books, which are never taken back, to numbers that JSON does not hold. It
 * holds nine thousand of the greatest.
 */
export const MAX_BOOKED = 1_000_000_000_000;

/** As it travels in JSON: an integer number of minor units. */
export interface MoneyJson {
  amount: number;
  currency: string;
}

/**
 * An amount in minor units of one currency. No float ever: a number is taken only when it is a safe integer.
 * Rounding happens in `timesRatio` and nowhere else, half away from zero, so every rounding point has a name.
 */
export class Money {
  private constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {}

  /** 1999, 'EUR' is €19.99; 1999, 'JPY' is ¥1,999. */
  static of(amount: bigint | number, currency: string): Money {
    exponentOf(currency);
    if (typeof amount === 'number' && !Number.isSafeInteger(amount)) {
      throw new RangeError(`${amount} is not a whole number of minor units`);
    }
    return new Money(BigInt(amount), currency);
  }

  static zero(currency: string): Money {
    return Money.of(0n, currency);
  }

  static fromJSON(json: MoneyJson): Money {
    return Money.of(json.amount, json.currency);
  }

  static sum(items: Iterable<Money>, currency: string): Money {
    let total = Money.zero(currency);
    for (const item of items) total = total.plus(item);
    return total;
  }

  plus(other: Money): Money {
    return new Money(this.amount + this.sameCurrency(other), this.currency);
  }

  minus(other: Money): Money {
    return new Money(this.amount - this.sameCurrency(other), this.currency);
  }

  negated(): Money {
    return new Money(-this.amount, this.currency);
  }

  times(factor: bigint | number): Money {
    if (typeof factor === 'number' && !Number.isSafeInteger(factor))
      throw new RangeError('use timesRatio for parts');
    return new Money(this.amount * BigInt(factor), this.currency);
  }

  /** amount × numerator ÷ denominator, rounded half away from zero: the one place where money is rounded. */
  timesRatio(numerator: bigint, denominator: bigint): Money {
    if (denominator === 0n) throw new RangeError('the denominator is zero');
    const product = this.amount * numerator;
    const negative = product < 0n !== denominator < 0n;
    const [top, bottom] = [abs(product), abs(denominator)];
    const rounded = (2n * top + bottom) / (2n * bottom);
    return new Money(negative ? -rounded : rounded, this.currency);
  }

  /**
   * Shares the amount out by weight (largest remainder, ties by index). The parts always add up to the whole;
   * all weights zero gives everything to the first.
   */
  split(weights: readonly bigint[]): Money[] {
    if (weights.length === 0) throw new RangeError('there is nobody to share with');
    if (weights.some((weight) => weight < 0n)) throw new RangeError('a weight is negative');
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    if (total === 0n)
      return weights.map((_, index) => new Money(index === 0 ? this.amount : 0n, this.currency));
    const sign = this.amount < 0n ? -1n : 1n;
    const whole = abs(this.amount);
    const parts = weights.map((weight) => (whole * weight) / total);
    const byRemainder = weights
      .map((weight, index) => ({ index, remainder: (whole * weight) % total }))
      .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
    let left = whole - parts.reduce((sum, part) => sum + part, 0n);
    for (const { index } of byRemainder) {
      if (left === 0n) break;
      parts[index] = (parts[index] ?? 0n) + 1n;
      left -= 1n;
    }
    return parts.map((part) => new Money(sign * part, this.currency));
  }

  isZero(): boolean {
    return this.amount === 0n;
  }

  isNegative(): boolean {
    return this.amount < 0n;
  }

  compare(other: Money): number {
    const difference = this.amount - this.sameCurrency(other);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }

  equals(other: Money): boolean {
    return this.currency === other.currency && this.amount === other.amount;
  }

  toJSON(): MoneyJson {
    if (abs(this.amount) > MAX_JSON) throw new RangeError('the amount does not fit JSON');
    return { amount: Number(this.amount), currency: this.currency };
  }

  /** For people: `19.99 EUR`. */
  toString(): string {
    const exponent = exponentOf(this.currency);
    const digits = abs(this.amount)
      .toString()
      .padStart(exponent + 1, '0');
    const whole = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
    return `${this.amount < 0n ? '-' : ''}${whole} ${this.currency}`;
  }

  private sameCurrency(other: Money): bigint {
    if (other.currency !== this.currency)
      throw new RangeError(`${this.currency} and ${other.currency} do not mix`);
    return other.amount;
  }
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
