import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import {
  type Candidate,
  type CartPromotions,
  foldCode,
  type StandingPromotions,
  type Used,
} from './promotion.js';
import { type Offered, PromotionReaderRepository } from './promotion-reader.repository.js';
import type { Buyer } from './redemption.repository.js';

/** All that one cart is judged by, with what is left of budgets. */
export interface OfferedPromotions extends CartPromotions {
  candidates: readonly (Candidate & { left?: bigint | null })[];
}

/** What promotions there are for one cart. */
@Injectable()
export class PromotionReader {
  constructor(
    private readonly promotions: PromotionReaderRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The automatic ones (from the rules in memory) and those of the codes that the cart names. It asks the database, once,
   * only when there are codes, or automatic ones with limits. Codes that are not known are left out. Whoever only looks at a
   * cart leaves `email` null: what an address has used is told to nobody who merely names it.
   */
  async forCart(
    standing: StandingPromotions,
    { codes, buyer }: { codes: readonly string[]; buyer: Buyer },
  ): Promise<OfferedPromotions> {
    const { modes, automatic } = standing;
    const limited = automatic.filter(isLimited);
    const free = automatic.filter((promotion) => !isLimited(promotion));
    const asked =
      limited.length + codes.length === 0
        ? []
        : await this.promotions.offered(
            buyer,
            limited.map(({ id }) => id),
            codes.map(foldCode),
            this.clock.now(),
          );
    return { modes, candidates: [...free.map(toCandidate), ...asked] };
  }

  /** Places of the codes that there is no promotion for. */
  async unknownOf(codes: readonly string[]): Promise<number[]> {
    if (codes.length === 0) return [];
    const folded = codes.map(foldCode);
    const known = await this.promotions.known(folded);
    return folded.flatMap((code, index) => (known.has(code) ? [] : [index]));
  }
}

/**
 * The same offers without those whose budget has less left than they were to take off; null when all had enough. Whoever
 * calculates does it again with what comes back.
 */
export function withinBudgets(
  promotions: OfferedPromotions,
  used: readonly Used[],
): OfferedPromotions | null {
  const isBeyond = ({ promotion, left, spent }: OfferedPromotions['candidates'][number]) =>
    spent === null &&
    left != null &&
    used.some(({ promotionId, amount }) => promotionId === promotion.id && amount.amount > left);
  if (!promotions.candidates.some(isBeyond)) return null;
  return {
    ...promotions,
    candidates: promotions.candidates.map((one) =>
      isBeyond(one) ? { ...one, spent: 'budget' as const } : one,
    ),
  };
}

const isLimited = ({
  limitTotal,
  limitPerCustomer,
  budget,
}: StandingPromotions['automatic'][number]): boolean =>
  limitTotal !== null || limitPerCustomer !== null || budget !== null;

const toCandidate = (promotion: StandingPromotions['automatic'][number]): Offered => ({
  promotion,
  codeId: null,
  code: null,
  spent: null,
  left: null,
});
