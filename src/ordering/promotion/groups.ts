import { byPriority, soleOf, type Runner as Running } from '../../platform/money/discount.js';
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
      byPriority(a.promotion, b.promotion) ||
      // Two codes of one promotion: the one that can be used, then by the code.
      Number(a.spent !== null) - Number(b.spent !== null) ||
      compare(a.code ?? '', b.code ?? ''),
  );
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A promotion whose conditions hold, and what it would take off if there were no other: worked out when it is asked for. */
interface Runner extends Running {
  candidate: Candidate;
  conditions: Tried['conditions'];
  alone(): Taken;
}

/**
 * Tries all promotions of a group on the goods as they stand at its beginning, and applies those that win. Conditions
 * are judged before anything is taken off, so none of a group can switch another one of it on or off.
 */
export function judge(contest: Contest): Judged {
  const { group, facts, mode } = contest;
  const takeFrom = ({ promotion }: Candidate, from: Pick<Contest, 'targets' | 'gifts'>) =>
    take(promotion.effect, { group, currency: facts.snapshot.currency, ...from });
  const begin = { targets: contest.targets, gifts: contest.gifts };
  const seen = new Set<string>();
  const entries = inOrder(contest.candidates).map((candidate): Runner | Tried => {
    const { out, conditions } = examine(candidate, seen.has(candidate.promotion.id), facts);
    seen.add(candidate.promotion.id);
    if (out) return out;
    const alone = once(() => takeFrom(candidate, begin));
    const { exclusive } = candidate.promotion;
    return { candidate, conditions, exclusive, alone, gives: () => alone().total };
  });
  const runners = entries.filter((entry) => 'alone' in entry);
  const sole = soleOf(mode, runners);

  let left = { targets: [...begin.targets], gifts: [...begin.gifts] };
  const wins = new Map<Candidate, Taken>();
  for (const { candidate } of sole ? [sole] : runners) {
    const taken = takeFrom(candidate, left);
    if (taken.total === 0n) continue;
    wins.set(candidate, taken);
    left = after(taken, left);
  }
  const tried = entries.map((entry): Tried => {
    if (!('alone' in entry)) return entry;
    const { candidate, conditions, alone } = entry;
    const won = wins.get(candidate);
    const verdict = won ? WON : loss(alone(), sole?.candidate ?? null, mode);
    return matched(candidate, conditions, won ?? alone(), contest.targets, verdict);
  });
  return { wins: [...wins].map(([candidate, taken]) => ({ candidate, taken })), tried, ...left };
}

function once<T>(work: () => T): () => T {
  let done: { value: T } | null = null;
  return () => (done ??= { value: work() }).value;
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

/** What is left once something was taken. */
const after = (
  { amounts, gift }: Taken,
  { targets, gifts }: { targets: readonly Target[]; gifts: readonly GiftOffer[] },
): { targets: Target[]; gifts: GiftOffer[] } => ({
  targets: targets.map((target, index) => {
    const taken = amounts[index] ?? 0n;
    return taken === 0n ? target : { ...target, left: target.left - taken };
  }),
  gifts: gifts.map((offer) =>
    offer.variantId === gift?.variantId ? { ...offer, most: offer.most - gift.quantity } : offer,
  ),
});
