import { type Applied, evaluateGoods, evaluateShipping } from './evaluate.js';
import type { Candidate, CartPromotions, Promotion } from './promotion.js';
import type { Snapshot } from './snapshot.js';
import type { Tried } from './trace.js';

/** A cart as promotions see it, and what they are tried on at which moment. */
export interface Situation {
  snapshot: Snapshot;
  /** Minor units; null: it is not known how it is sent, or nothing is. */
  shippingPrice: bigint | null;
  promotions: CartPromotions;
  at: Date;
}

export interface Outcome {
  /** Minor units off the goods and the shipping. */
  discount: bigint;
  applied: readonly Applied[];
  tried: readonly Tried[];
}

/** What promotions take off in a situation. */
export function outcomeOf({ snapshot, shippingPrice, promotions, at }: Situation): Outcome {
  const goods = evaluateGoods(snapshot, promotions, at);
  const shipped = evaluateShipping(snapshot, goods, shippingPrice, promotions, at);
  return {
    discount: goods.discounts.reduce((sum, off) => sum + off, 0n) + shipped.discount + giftsOf(goods.applied),
    applied: [...goods.applied, ...shipped.applied],
    tried: [...goods.tried, ...shipped.tried],
  };
}

/** The same situation with one promotion more; what there was of it before is left out. */
export const withPromotion = (situation: Situation, promotion: Promotion): Situation => ({
  ...situation,
  promotions: {
    ...situation.promotions,
    candidates: [
      ...situation.promotions.candidates.filter((one) => one.promotion.id !== promotion.id),
      candidateOf(promotion),
    ],
  },
});

/** As if it were active, and nothing of it used. */
const candidateOf = (promotion: Promotion): Candidate => ({
  promotion: { ...promotion, status: 'active' },
  codeId: null,
  code: null,
  spent: null,
});

/** A gift is a line more at the price of the shop, which comes off in full. */
const giftsOf = (applied: readonly Applied[]): bigint =>
  applied.reduce((sum, { gift, amount }) => (gift ? sum + amount : sum), 0n);
