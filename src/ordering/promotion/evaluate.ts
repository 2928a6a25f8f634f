import { Money } from '../../platform/money/money.js';
import type { Gift } from './effects.js';
import { judge, type Win } from './groups.js';
import type { Candidate, CartPromotions, PromotionGroup, Used } from './promotion.js';
import { type Snapshot, type Target, targetsOf } from './snapshot.js';
import type { Tried } from './trace.js';

/** One promotion that was applied: kept with the order as it stands here. */
export interface Applied {
  promotionId: string;
  codeId: string | null;
  code: string | null;
  title: string;
  group: PromotionGroup;
  /** In minor units, what it takes off in all. */
  amount: bigint;
  /** Of it, what comes from which line, by place. */
  lines: readonly { index: number; amount: bigint }[];
  gift: Gift | null;
}

/** The goods of a cart after the groups product and order. */
export interface Goods {
  /** Minor units off each line, in the order of the snapshot; never more than the line. */
  discounts: readonly bigint[];
  applied: readonly Applied[];
  tried: readonly Tried[];
  /** The lines as they are left: what the conditions of the group shipping look at. */
  targets: readonly Target[];
}

/** The shipping of a cart after the group shipping. */
export interface Shipped {
  discount: bigint;
  applied: readonly Applied[];
  tried: readonly Tried[];
}

/**
 * What promotions take off the goods: first the group product, then the group order on what that has left. Pure: the
 * same snapshot, promotions (in any order) and instant always give the same cents.
 */
export function evaluateGoods(snapshot: Snapshot, promotions: CartPromotions, now: Date): Goods {
  const whole = targetsOf(snapshot.lines);
  const product = contest('product', snapshot, promotions, now, whole, whole, snapshot.gifts);
  const order = contest('order', snapshot, promotions, now, product.targets, product.targets, product.gifts);
  return {
    discounts: whole.map(({ left }, index) => left - (order.targets[index]?.left ?? left)),
    applied: [...product.wins, ...order.wins].map(toApplied),
    tried: [...product.tried, ...order.tried],
    targets: order.targets,
  };
}

/** What promotions take off the shipping; a price of null: it is not known yet how it is sent, or nothing is. */
export function evaluateShipping(
  snapshot: Snapshot,
  { targets }: Pick<Goods, 'targets'>,
  price: bigint | null,
  promotions: CartPromotions,
  now: Date,
): Shipped {
  const parcel = price === null ? [] : [{ line: null, quantity: 1, left: price }];
  const { wins, tried } = contest('shipping', snapshot, promotions, now, targets, parcel, []);
  return {
    discount: wins.reduce((sum, { taken }) => sum + taken.total, 0n),
    applied: wins.map(toApplied),
    tried,
  };
}

/** What was used of each promotion and code: the input of redemption. */
export const usedOf = (applied: readonly Applied[], currency: string): Used[] =>
  applied.map(({ promotionId, codeId, code, amount }) => ({
    promotionId,
    codeId,
    code,
    amount: Money.of(amount, currency),
  }));

function contest(
  group: PromotionGroup,
  snapshot: Snapshot,
  { modes, candidates }: CartPromotions,
  now: Date,
  goods: readonly Target[],
  targets: readonly Target[],
  gifts: Snapshot['gifts'],
) {
  return judge({
    group,
    mode: modes[group],
    candidates: candidates.filter(({ promotion }) => promotion.group === group),
    facts: { snapshot, goods, now },
    targets,
    gifts,
  });
}

const toApplied = ({ candidate, taken }: Win): Applied => ({
  ...named(candidate),
  amount: taken.total,
  lines: taken.amounts.flatMap((amount, index) => (amount > 0n ? [{ index, amount }] : [])),
  gift: taken.gift,
});

const named = ({ promotion, codeId, code }: Candidate) => ({
  promotionId: promotion.id,
  codeId,
  code,
  title: promotion.title,
  group: promotion.group,
});
