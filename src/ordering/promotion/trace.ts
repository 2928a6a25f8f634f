import { type Facts, type Tested, test } from './conditions.js';
import type { Gift, Taken } from './effects.js';
import type { Candidate, PromotionGroup, Spent } from './promotion.js';
import type { Target } from './snapshot.js';

/** What became of a promotion that was tried. All but `applied` take nothing off. */
export const OUTCOMES = [
  'applied',
  'condition_failed',
  'not_active',
  'not_started',
  'ended',
  'other_currency',
  'spent',
  'repeated',
  'no_effect',
  'nothing_left',
  'beaten',
  'excluded',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One line of the trace: a promotion, what it asked and found, and what came of it. */
export interface Tried {
  promotionId: string;
  title: string;
  group: PromotionGroup;
  code: string | null;
  priority: number;
  exclusive: boolean;
  outcome: Outcome;
  /** One sentence for people. */
  why: string;
  /** All conditions hold; false also when they were not looked at. */
  matched: boolean;
  conditions: readonly Tested[];
  /** Minor units that it took off; of one that lost, what it would have taken off alone. */
  amount: bigint;
  /** The same by line (`lineId` null: the shipping), without those that it leaves alone. */
  lines: readonly { lineId: string | null; amount: bigint }[];
  gift: Gift | null;
  /** Who won over it. */
  beatenBy: { promotionId: string; title: string } | null;
}

export type Verdict = Pick<Tried, 'outcome' | 'why'> & Partial<Tried>;

/** Why nothing is left of a promotion, for people. */
export const SPENT: Record<Spent, string> = {
  limit_total: 'It was used as often as it may be.',
  limit_per_customer: 'This customer has used it as often as one may.',
  first_order: 'It is for the first order of a customer.',
  budget: 'Its budget is spent.',
  code_used: 'The code was used as often as it may be.',
  code_expired: 'The code is no longer valid.',
};

/** What a look at one promotion found: `out` is its note when it is out already, null when it may take something off. */
export interface Examined {
  out: Tried | null;
  conditions: readonly Tested[];
}

export function examine(candidate: Candidate, isRepeated: boolean, facts: Facts): Examined {
  const verdict = standing(candidate, isRepeated, facts);
  if (verdict) return { out: note(candidate, verdict), conditions: [] };
  const conditions = candidate.promotion.conditions.map((condition) => test(condition, facts));
  const failed = conditions.find(({ holds }) => !holds);
  if (!failed) return { out: null, conditions };
  const why = `${failed.type}: ${failed.needed} needed, but ${failed.actual}.`;
  return { out: note(candidate, { outcome: 'condition_failed', why, conditions }), conditions };
}

function standing({ promotion, spent }: Candidate, isRepeated: boolean, facts: Facts): Verdict | null {
  const { status, startsAt, endsAt, currency } = promotion;
  const { now, snapshot } = facts;
  if (status !== 'active') return { outcome: 'not_active', why: `It is ${status}.` };
  if (startsAt !== null && now < startsAt)
    return { outcome: 'not_started', why: `It begins at ${startsAt.toISOString()}.` };
  if (endsAt !== null && now >= endsAt)
    return { outcome: 'ended', why: `It ended at ${endsAt.toISOString()}.` };
  if (currency !== null && currency !== snapshot.currency)
    return { outcome: 'other_currency', why: `It is for carts in ${currency}.` };
  if (isRepeated) return { outcome: 'repeated', why: 'Another code of the cart stands for it already.' };
  if (spent !== null) return { outcome: 'spent', why: SPENT[spent] };
  return null;
}

/** The note of one whose conditions hold, with what it takes off. */
export function matched(
  candidate: Candidate,
  conditions: readonly Tested[],
  { amounts, gift, total }: Taken,
  targets: readonly Target[],
  verdict: Verdict,
): Tried {
  const lines = amounts.flatMap((amount, index) =>
    amount > 0n ? [{ lineId: targets[index]?.line?.id ?? null, amount }] : [],
  );
  return note(candidate, { ...verdict, matched: true, conditions, amount: total, lines, gift });
}

const note = ({ promotion, code }: Candidate, verdict: Verdict): Tried => ({
  promotionId: promotion.id,
  title: promotion.title,
  group: promotion.group,
  code,
  priority: promotion.priority,
  exclusive: promotion.exclusive,
  matched: false,
  conditions: [],
  amount: 0n,
  lines: [],
  gift: null,
  beatenBy: null,
  ...verdict,
});
