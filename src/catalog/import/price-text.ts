import { exponentOf } from '../../platform/money/currencies.js';
import { MAX_PRICE } from '../../platform/money/money.js';

/** `69.99` or `69,99` to 6999, by its digits: a float would lose cents. Null when it is no price in the currency. */
export function priceOf(text: string, currency: string): number | null {
  const [, whole, fraction = ''] = /^(\d{1,12})(?:[.,](\d*))?$/.exec(text) ?? [];
  const exponent = exponentOf(currency);
  const amount = Number(`${whole ?? ''}${fraction.slice(0, exponent).padEnd(exponent, '0')}`);
  return whole === undefined || /[1-9]/.test(fraction.slice(exponent)) || amount > MAX_PRICE ? null : amount;
}

/** 6999 to `69.99`. */
export function priceText(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = String(amount).padStart(exponent + 1, '0');
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}
