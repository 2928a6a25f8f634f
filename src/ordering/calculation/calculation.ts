import { isDeepStrictEqual } from 'node:util';
import type { Money } from '../../platform/money/money.js';
import type { Totals } from '../cart/totals.js';
import { evaluateGoods, evaluateShipping } from '../promotion/evaluate.js';
import type { Candidate, CartPromotions, Promotion } from '../promotion/promotion.js';
import type { Snapshot } from '../promotion/snapshot.js';
import type { Tried } from '../promotion/trace.js';
import { restoredRules, type StoredTaxRules, storedRules, type TaxRules } from '../tax/tax-rules.js';
import { totalsOf } from './pricing.js';

/** Counts up when the same inputs would give other cents; an engine that an order was made with is kept. */
export const ENGINE = 1;

/** All that the price of a cart was made from, after it was known what could carry it. */
export interface Inputs {
  at: Date;
  snapshot: Snapshot;
  promotions: CartPromotions;
  /** Minor units, before its discount; null: nothing is sent. */
  shippingPrice: bigint | null;
  tax: TaxRules;
}

/**
 * The same as plain JSON, kept with the order: prices, promotions in full and rates as they were, so that the order can be
 * calculated again for ever, whatever became of the rules. Amounts in minor units are text.
 */
export interface Calculation {
  engine: number;
  at: string;
  snapshot: Stored<Snapshot>;
  promotions: Stored<CartPromotions>;
  shippingPrice: string | null;
  tax: StoredTaxRules;
  result: Result;
}

/** What it came to, in minor units. */
export interface Result {
  subtotal: string;
  discount: string;
  shipping: string;
  tax: string;
  total: string;
  /** Of each line, those that promotions give at the end. */
  lines: { discount: string; tax: string; total: string }[];
}

/** As JSON has it: bigints and dates are text. */
type Stored<T> = T extends bigint | Date
  ? string
  : T extends readonly (infer One)[]
    ? Stored<One>[]
    : T extends object
      ? { [K in keyof T]: Stored<T[K]> }
      : T;

/** What goes into the order. */
export function calculationOf(
  { at, snapshot, promotions, shippingPrice, tax }: Inputs,
  totals: Totals,
): Calculation {
  const classes = [...snapshot.lines, ...snapshot.gifts].map(({ taxClass }) => taxClass);
  return {
    engine: ENGINE,
    at: at.toISOString(),
    snapshot: stored(snapshot),
    promotions: stored(promotions),
    shippingPrice: shippingPrice?.toString() ?? null,
    tax: storedRules(tax, classes),
    result: resultOf(totals),
  };
}

const text = ({ amount }: Money): string => amount.toString();
export const resultOf = ({ subtotal, discount, shippingPrice, tax, total, lines }: Totals): Result => ({
  subtotal: text(subtotal),
  discount: text(discount),
  shipping: text(shippingPrice),
  tax: text(tax),
  total: text(total),
  lines: lines.map((line) => ({
    discount: text(line.discount),
    tax: text(line.tax),
    total: text(line.total),
  })),
});

export interface Recomputed {
  totals: Totals;
  /** To the cent what it came to then. */
  matches: boolean;
  tried: readonly Tried[];
}

/** Calculates again what an order came to when it was written: the same cents, whatever became of the rules. */
export function recompute(calculation: Calculation): Recomputed {
  if (calculation.engine !== ENGINE) throw new Error(`engine ${calculation.engine} is not known`);
  const { at, snapshot, promotions, shippingPrice, tax } = inputsOf(calculation);
  const goods = evaluateGoods(snapshot, promotions, at);
  const { discount, tried } = evaluateShipping(snapshot, goods, shippingPrice, promotions, at);
  const shipping = shippingPrice === null ? null : { price: shippingPrice, discount };
  const totals = totalsOf(snapshot, goods, shipping, tax);
  const matches = isDeepStrictEqual(resultOf(totals), calculation.result);
  return { totals, matches, tried: [...goods.tried, ...tried] };
}

/** What a stored calculation was made from. */
export function inputsOf({ at, snapshot, promotions, shippingPrice, tax }: Calculation): Inputs {
  return {
    at: new Date(at),
    snapshot: {
      ...snapshot,
      lines: snapshot.lines.map((line) => ({ ...line, unitPrice: BigInt(line.unitPrice) })),
      gifts: snapshot.gifts.map((gift) => ({ ...gift, unitPrice: BigInt(gift.unitPrice) })),
    },
    promotions: {
      modes: promotions.modes,
      candidates: promotions.candidates.map((candidate): Candidate => ({
        ...candidate,
        promotion: promotionOf(candidate.promotion),
      })),
    },
    shippingPrice: shippingPrice === null ? null : BigInt(shippingPrice),
    tax: restoredRules(tax),
  };
}

const promotionOf = (promotion: Stored<Promotion>): Promotion => ({
  ...promotion,
  startsAt: promotion.startsAt === null ? null : new Date(promotion.startsAt),
  endsAt: promotion.endsAt === null ? null : new Date(promotion.endsAt),
  budget: promotion.budget === null ? null : BigInt(promotion.budget),
});

/** Plain JSON of something that has bigints and dates in it. */
const stored = <T extends object>(thing: T): Stored<T> =>
  JSON.parse(
    JSON.stringify(thing, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as Stored<T>;
