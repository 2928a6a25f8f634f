import { meaningOf } from '../gateway/declines.js';
import type { CardAttempt } from './collection.entity.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Why nobody is asked, though an attempt is due. */
export type Bar =
  'no_method' | 'hard_decline' | 'method_refused' | 'authentication_required' | 'scheme_limit';

/** So many failures are allowed within so many milliseconds; of one amount, or of all. */
interface Ceiling {
  readonly most: number;
  readonly withinMs: number;
  readonly sameAmount: boolean;
}

/**
 * The networks fine those who go beyond, whoever asked: to them a retry is any later attempt on a declined purchase with the same card,
 * those of its owner among them (https://docs.cielo.com.br/ecommerce-cielo/v3.0-en/docs/retries,
 * https://docs.payzu.com.br/en/docs/cartao/retry-program: "when a customer tries to make a card purchase"; Mastercard's Excessive
 * Attempts are counted "card present or card not present", Visa's by Table 7-2 of its Core Rules of 18 April 2026, 20 in 30 days). What
 * is no Visa card is held to the stricter of both.
 */
const VISA: readonly Ceiling[] = [{ most: 20, withinMs: 30 * DAY, sameAmount: true }];
const MASTERCARD: readonly Ceiling[] = [
  { most: 10, withinMs: DAY, sameAmount: false },
  { most: 35, withinMs: 30 * DAY, sameAmount: false },
];
const CEILINGS: Readonly<Record<string, readonly Ceiling[]>> = { visa: VISA, mastercard: MASTERCARD };

export interface Charge {
  readonly invoiceId: string;
  readonly methodId: string;
  readonly brand: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly now: Date;
}

/** Why a card must not be charged now; null: it may be. `past`: what was tried on it, on whatever invoice. */
export function barOf(charge: Charge, past: readonly CardAttempt[]): Bar | null {
  const failed = past.filter(hasFailed);
  if (failed.some(({ code, advice }) => advice === 'never' || (code !== null && meaningOf(code).hard)))
    return 'hard_decline';
  const here = failed.filter(
    (each) => each.methodId === charge.methodId && each.invoiceId === charge.invoiceId,
  );
  if (here.some(({ advice }) => advice === 'new_method')) return 'method_refused';
  if (here.some(({ advice }) => advice === 'authenticate')) return 'authentication_required';
  return isBeyond(charge, failed) ? 'scheme_limit' : null;
}

/** What the networks let nobody do, not even the owner of the card, whose own attempt could get past any other bar. */
export const isForbidden = (bar: Bar | null): boolean => bar === 'hard_decline' || bar === 'scheme_limit';

/** Whether a card must not be charged before it is known what becomes of the attempts that are under way: should they fail, it is one too many.
 * One of the same invoice was walked away from: another takes its place. */
export function mustWait(charge: Charge, past: readonly CardAttempt[]): boolean {
  return isBeyond(
    charge,
    past.filter((each) => (each.outcome === null && each.invoiceId !== charge.invoiceId) || hasFailed(each)),
  );
}

const hasFailed = ({ outcome }: CardAttempt): boolean =>
  outcome === 'declined' || outcome === 'needs_customer';

function isBeyond({ brand, amount, currency, now }: Charge, failed: readonly CardAttempt[]): boolean {
  const ceilings = CEILINGS[brand.toLowerCase()] ?? [...VISA, ...MASTERCARD];
  return ceilings.some(({ most, withinMs, sameAmount }) => {
    const counted = failed.filter(
      (each) =>
        each.at.getTime() > now.getTime() - withinMs &&
        (!sameAmount || (each.amount === amount && each.currency === currency)),
    );
    return counted.length >= most;
  });
}
