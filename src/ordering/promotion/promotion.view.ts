import type { CodeDto } from './code.dto.js';
import type { Code } from './code.repository.js';
import type { ConditionDto } from './condition.dto.js';
import type { EffectDto } from './effect.dto.js';
import type { PromotionDto, RedemptionDto } from './promotion.dto.js';
import type { RedemptionView, StoredPromotion } from './promotion.repository.js';

export const promotionView = (promotion: StoredPromotion): PromotionDto => {
  const { startsAt, endsAt, budget, currency, createdAt, updatedAt, conditions, effect } = promotion;
  return {
    ...promotion,
    startsAt: startsAt?.toISOString() ?? null,
    endsAt: endsAt?.toISOString() ?? null,
    conditions: conditions as ConditionDto[],
    effect: effect as EffectDto,
    budget: budget === null || currency === null ? null : { amount: Number(budget), currency },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
};

export const redemptionView = ({ amount, currency, createdAt, ...row }: RedemptionView): RedemptionDto => ({
  ...row,
  amount: { amount: Number(amount), currency },
  createdAt: createdAt.toISOString(),
});

export const codeView = ({ endsAt, createdAt, ...code }: Code): CodeDto => ({
  ...code,
  endsAt: endsAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
});
