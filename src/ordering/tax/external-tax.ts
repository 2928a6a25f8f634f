import { createHash } from 'node:crypto';
import type { Place } from './tax-zone.js';

/** One tax that somebody outside has said for a line, in minor units of the currency that was asked about. */
export interface ExternalTax {
  title: string;
  ratePpm: number;
  jurisdiction: string | null;
  amount: number;
}

/** What a provider has said: for each line in the order of the question, and for shipping. */
export interface ExternalTaxes {
  lines: { taxes: ExternalTax[] }[];
  shipping: { taxes: ExternalTax[] } | null;
}

/** What a provider is asked: amounts after discounts, in minor units; nothing of who buys. */
export interface TaxQuestion {
  currency: string;
  from: Place | null;
  to: Place;
  /** True: the amounts include the tax. */
  pricesIncludeTax: boolean;
  lines: { sku: string; taxClass: string; quantity: number; amount: number }[];
  shipping: { taxClass: string; amount: number } | null;
}

/** The name of a question: the same inputs have the same answer until it is too old. */
export const hashOfQuestion = (question: TaxQuestion): string =>
  createHash('sha256').update(JSON.stringify(question)).digest('hex');

/** A kept answer by the hash of its question. */
export interface TaxQuote {
  hash: string;
  taxes: ExternalTaxes;
}

const MOST_TAXES = 5;

/** The answer when it answers just that question; null for anything that could make an order that does not add up. */
export function readExternalTaxes(answer: unknown, question: TaxQuestion): ExternalTaxes | null {
  if (!isRecord(answer) || !Array.isArray(answer.lines) || answer.lines.length !== question.lines.length)
    return null;
  const lines = answer.lines.map((line: unknown, index) =>
    readTaxes(line, question.lines[index]?.amount ?? 0),
  );
  const shipping = question.shipping === null ? null : readTaxes(answer.shipping, question.shipping.amount);
  if (lines.includes(null) || (question.shipping !== null && shipping === null)) return null;
  return { lines: lines.filter((line) => line !== null), shipping };
}

function readTaxes(value: unknown, amount: number): { taxes: ExternalTax[] } | null {
  if (!isRecord(value) || !Array.isArray(value.taxes) || value.taxes.length > MOST_TAXES) return null;
  const taxes = value.taxes.map(readTax);
  if (taxes.includes(null)) return null;
  const read = taxes.filter((tax) => tax !== null);
  const sum = read.reduce((all, tax) => all + tax.amount, 0);
  // No tax is more than the whole price, be it inside or on top.
  return sum <= amount ? { taxes: read } : null;
}

function readTax(value: unknown): ExternalTax | null {
  if (!isRecord(value)) return null;
  const { title, ratePpm, jurisdiction = null, amount } = value;
  const isNatural = (one: unknown, most: number): one is number =>
    Number.isSafeInteger(one) && Number(one) >= 0 && Number(one) <= most;
  if (typeof title !== 'string' || title.length === 0 || title.length > 100) return null;
  if (jurisdiction !== null && (typeof jurisdiction !== 'string' || jurisdiction.length > 100)) return null;
  if (!isNatural(ratePpm, 1_000_000) || !isNatural(amount, Number.MAX_SAFE_INTEGER)) return null;
  return { title, ratePpm, jurisdiction, amount };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
