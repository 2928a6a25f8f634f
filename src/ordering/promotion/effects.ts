import { offPieces, partOf, type PieceEffect } from '../../platform/money/discount.js';
import { Money, type MoneyJson } from '../../platform/money/money.js';
import { piecesOf, valueOf } from './conditions.js';
import { buyXGetY, cheapestFree } from './piece-effects.js';
import type { Effect, PromotionGroup, Selector, Tier } from './promotion.js';
import { type GiftOffer, means, type Target } from './snapshot.js';

/** A line that a promotion puts in. */
export interface Gift {
  variantId: string;
  quantity: number;
  /** In minor units: what a piece costs in the shop, and what the promotion takes off again. */
  unitPrice: bigint;
}

/** What an effect takes off. */
export interface Taken {
  /** For each target, never more than is left of it. */
  amounts: readonly bigint[];
  gift: Gift | null;
  total: bigint;
}

export interface Scope {
  group: PromotionGroup;
  currency: string;
  targets: readonly Target[];
  /** What is left to be given away. */
  gifts: readonly GiftOffer[];
}

/** What an effect would take off these targets as they are; it changes nothing. */
export function take(effect: Effect, scope: Scope): Taken {
  if (effect.type === 'gift') return giveAway(effect, scope);
  const amounts = amountsOf(effect, scope);
  return { amounts, gift: null, total: amounts.reduce((sum, amount) => sum + amount, 0n) };
}

function amountsOf(effect: Exclude<Effect, { type: 'gift' }>, scope: Scope): bigint[] {
  const { targets } = scope;
  switch (effect.type) {
    case 'free_shipping':
      return targets.map(({ left }) => left);
    case 'percent':
      return percent(effect.ppm, effect.on, scope);
    case 'amount':
      return effect.per === 'across'
        ? across(effect.money, effect.on, scope)
        : perLine(effect, effect.on, scope);
    case 'fixed_price':
      return perLine(effect, effect.on, scope);
    case 'buy_x_get_y':
      return buyXGetY(effect, targets, partOf);
    case 'cheapest_free':
      return cheapestFree(effect, targets);
    case 'tiers': {
      const tier = reached(effect.tiers, effect.on, scope);
      if (tier?.ppm !== undefined) return percent(tier.ppm, effect.on, scope);
      return tier?.money === undefined ? nothing(scope) : across(tier.money, effect.on, scope);
    }
  }
}

/** In the group product each line is rounded by itself, in the group order their sum, once. */
function percent(ppm: number, on: Selector | undefined, scope: Scope): bigint[] {
  const { group, currency, targets } = scope;
  if (group === 'order') return share(partOf(valueOf(targets, on), ppm), on, targets, currency);
  return perLine({ type: 'percent', ppm }, on, scope);
}

const perLine = (effect: PieceEffect, on: Selector | undefined, { currency, targets }: Scope): bigint[] =>
  targets.map((target) => (means(on, target) ? offPieces(effect, target, currency) : 0n));

function across(money: MoneyJson, on: Selector | undefined, scope: Scope): bigint[] {
  const { currency, targets } = scope;
  if (money.currency !== currency) return nothing(scope);
  return share(least(BigInt(money.amount), valueOf(targets, on)), on, targets, currency);
}

/** By largest remainder, weighed by what is left: so no share is more than that. */
function share(
  amount: bigint,
  on: Selector | undefined,
  targets: readonly Target[],
  currency: string,
): bigint[] {
  if (amount === 0n) return targets.map(() => 0n);
  const weights = targets.map((target) => (means(on, target) ? target.left : 0n));
  return Money.of(amount, currency)
    .split(weights)
    .map((part) => part.amount);
}

/** The tier with the highest threshold that the goods reach. */
function reached(tiers: readonly Tier[], on: Selector | undefined, scope: Scope): Tier | null {
  const [value, pieces] = [valueOf(scope.targets, on), piecesOf(scope.targets, on)];
  let best: Tier | null = null;
  let height = -1n;
  for (const tier of tiers) {
    if (tier.min && tier.min.currency !== scope.currency) continue;
    const threshold = BigInt(tier.min?.amount ?? tier.minQuantity ?? 0);
    if ((tier.min ? value : BigInt(pieces)) < threshold || threshold <= height) continue;
    [best, height] = [tier, threshold];
  }
  return best;
}

/** All of it or nothing: half a gift is a complaint. */
function giveAway({ variantId, quantity }: Effect & { type: 'gift' }, scope: Scope): Taken {
  const offer = scope.gifts.find((one) => one.variantId === variantId);
  const amounts = nothing(scope);
  if (!offer || offer.most < quantity) return { amounts, gift: null, total: 0n };
  const { unitPrice } = offer;
  return { amounts, gift: { variantId, quantity, unitPrice }, total: unitPrice * BigInt(quantity) };
}

const nothing = ({ targets }: Scope): bigint[] => targets.map(() => 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
