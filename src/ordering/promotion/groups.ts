import type { Facts } from './conditions.js';
import { type Taken, take } from './effects.js';
import type { Candidate, GroupMode, PromotionGroup } from './promotion.js';
import type { GiftOffer, Target } from './snapshot.js';
import { examine, matched, type Tried, type Verdict } from './trace.js';

/** A promotion that won, with what it takes off each target. */
export interface Win {
  candidate: Candidate;
  taken: Taken;
}

/** What became of one group. */
export interface Judged {
  wins: Win[];
  tried: Tried[];
  /** Targets and gifts as the wins have left them. */
  targets: Target[];
  gifts: GiftOffer[];
}

export interface Contest {
  group: PromotionGroup;
  mode: GroupMode;
  candidates: readonly Candidate[];
  facts: Facts;
  targets: readonly Target[];
  gifts: readonly GiftOffer[];
}

/** The higher priority first, then by id: whatever order they are handed in, they are tried in this one. */
export const inOrder = (candidates: readonly Candidate[]): Candidate[] =>
  [...candidates].sort(
    (a, b) =>
      b.promotion.priority - a.promotion.priority ||
      compare(a.promotion.id, b.promotion.id) ||
      // Two codes of one promotion: the one that can be used, then by the code.
      Number(a.spent !== null) - Number(b.spent !== null) ||
      compare(a.code ?? '', b.code ?? ''),
  );
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Tries all promotions of a group on the goods as they stand at its beginning, and applies those that win. Conditions
 * are judged before anything is taken off, so none of a group can switch another one of it on or off.
 */
export function judge(contest: Contest): Judged {
  const { group, facts, mode } = contest;
  const scope = { group, currency: facts.snapshot.currency };
  const seen = new Set<string>();
  const all = inOrder(contest.candidates).map((candidate) => {
    const { targets, gifts } = contest;
    const examined = examine(candidate, seen.has(candidate.promotion.id), facts);
    seen.add(candidate.promotion.id);
    const alone = examined.out ? null : take(candidate.promotion.effect, { ...scope, targets, gifts });
    return { candidate, ...examined, alone };
  });
  const able = all.flatMap(({ candidate, alone }) =>
    alone && alone.total > 0n ? [{ candidate, taken: alone }] : [],
  );
  const sole = mode === 'best' ? greatest(able) : able.find(({ candidate }) => candidate.promotion.exclusive);

  let [targets, gifts] = [[...contest.targets], [...contest.gifts]];
  const wins = new Map<Candidate, Taken>();
  for (const { candidate } of sole ? [sole] : able) {
    const taken = take(candidate.promotion.effect, { ...scope, targets, gifts });
    if (taken.total === 0n) continue;
    wins.set(candidate, taken);
    [targets, gifts] = after(taken, targets, gifts);
  }
  const tried = all.flatMap(({ candidate, out, alone, conditions }): Tried[] => {
    if (!alone) return out ? [out] : [];
    const won = wins.get(candidate);
    const verdict = won ? WON : loss(alone, sole?.candidate ?? null, mode);
    return [matched(candidate, conditions, won ?? alone, contest.targets, verdict)];
  });
  return { wins: [...wins].map(([candidate, taken]) => ({ candidate, taken })), tried, targets, gifts };
}

const WON = { outcome: 'applied', why: 'It was applied.' } as const;

function loss(alone: Taken, winner: Candidate | null, mode: GroupMode): Verdict {
  if (alone.total === 0n)
    return { outcome: 'no_effect', why: 'Its conditions hold, but it takes nothing off this cart.' };
  if (!winner) return { outcome: 'nothing_left', why: 'Others have left nothing to take off.' };
  const { id: promotionId, title } = winner.promotion;
  return mode === 'best'
    ? {
        outcome: 'beaten',
        why: `${title} gives more, and only one is applied.`,
        beatenBy: { promotionId, title },
      }
    : { outcome: 'excluded', why: `${title} stands alone.`, beatenBy: { promotionId, title } };
}

/** The one that gives most; of equals the first. */
function greatest(able: readonly Win[]): Win | undefined {
  let best: Win | undefined;
  for (const one of able) if (!best || one.taken.total > best.taken.total) best = one;
  return best;
}

/** What is left once something was taken. */
function after(
  { amounts, gift }: Taken,
  targets: readonly Target[],
  gifts: readonly GiftOffer[],
): [Target[], GiftOffer[]] {
  return [
    targets.map((target, index) => ({ ...target, left: target.left - (amounts[index] ?? 0n) })),
    gifts.map((offer) =>
      offer.variantId === gift?.variantId ? { ...offer, most: offer.most - gift.quantity } : offer,
    ),
  ];
}
