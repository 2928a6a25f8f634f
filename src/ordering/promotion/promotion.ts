import type { Money, MoneyJson } from '../../platform/money/money.js';

/**
 * In this order they are evaluated, each on what the one before has left: lines, the goods as a whole, the shipping.
 */
export const PROMOTION_GROUPS = ['product', 'order', 'shipping'] as const;
export type PromotionGroup = (typeof PROMOTION_GROUPS)[number];

/**
 * `stack`: everything that matches is applied, the highest priority first, each on what is left; an exclusive one
 * stands alone. `best`: only the one that gives the buyer most, whatever its priority.
 */
export const GROUP_MODES = ['stack', 'best'] as const;
export type GroupMode = (typeof GROUP_MODES)[number];
export type GroupModes = Readonly<Record<PromotionGroup, GroupMode>>;

/** Of a shop that has said nothing else. */
export const DEFAULT_MODES: GroupModes = { product: 'stack', order: 'stack', shipping: 'best' };

export const PROMOTION_STATUSES = ['draft', 'active', 'paused', 'archived'] as const;
export type PromotionStatus = (typeof PROMOTION_STATUSES)[number];

/** `code`: only for carts that name a code of it. */
export const PROMOTION_TRIGGERS = ['automatic', 'code'] as const;
export type PromotionTrigger = (typeof PROMOTION_TRIGGERS)[number];

/**
 * Which lines are meant: those that one of the lists names, without those that `except` names; without any list
 * every line. Ids; a category holds what its descendants hold. Gift cards are never meant: their value is money.
 */
export interface Selector extends Selection {
  except?: Selection;
}
interface Selection {
  variants?: readonly string[];
  products?: readonly string[];
  categories?: readonly string[];
  collections?: readonly string[];
}

/**
 * All of a promotion have to hold. Plain JSON, stored as it is. Amounts are those of the goods as the groups before
 * have left them, so an order promotion "from 50.00 EUR" looks at the price after product promotions.
 */
export type Condition =
  /** Value of the goods that `on` means. A cart in another currency fails. */
  | { type: 'subtotal'; min?: MoneyJson; max?: MoneyJson; on?: Selector }
  /** Pieces of the goods that `on` means. */
  | { type: 'quantity'; min: number; on?: Selector }
  /** At least `min` pieces (one, when left out) of these products, or of what stands in these categories, collections. */
  | { type: 'products' | 'categories' | 'collections'; ids: readonly string[]; min?: number }
  /** The buyer is in one of the groups. */
  | { type: 'customer_group'; codes: readonly string[] }
  /**
   * The signed-in customer has no order that was placed and not canceled. Fails for guests: whether an address that
   * anybody may name has ordered before is told to nobody.
   */
  | { type: 'first_order' }
  /** ISO 3166 code of where it is sent; where the bill goes, when nothing is sent. */
  | { type: 'country'; codes: readonly string[] }
  /**
   * Local time in an IANA zone: `days` are ISO week days (1 is Monday), `from` until before `to` are `HH:MM` on the
   * clock; `to` not later than `from` means on the next day (`from` equal to `to`: the whole day).
   */
  | { type: 'weekday_hours'; days: readonly number[]; from: string; to: string; timeZone: string };
export type ConditionType = Condition['type'];

/** From so much value (`min`) or so many pieces (`minQuantity`) on: a part (`ppm`) or an amount (`money`). One of each. */
export interface Tier {
  min?: MoneyJson;
  minQuantity?: number;
  ppm?: number;
  money?: MoneyJson;
}

/**
 * What a promotion does. Plain JSON, stored as it is. Rates are parts per million. Nothing takes more from a line, or
 * from the shipping, than is left of it. Money of another currency than the cart's has no effect.
 */
export type Effect =
  /** Of each line in the group product; of the sum, shared out by largest remainder, in the group order. */
  | { type: 'percent'; ppm: number; on?: Selector }
  /** `each`: off every piece. `across`: once, shared out over the lines by largest remainder. */
  | { type: 'amount'; money: MoneyJson; per: 'each' | 'across'; on?: Selector }
  /** Each piece, or the shipping, costs so much at most. */
  | { type: 'fixed_price'; money: MoneyJson; on?: Selector }
  /** For each `buy.quantity` pieces so many others are cheaper by `ppm`: the cheapest. At most `times` in one order. */
  | {
      type: 'buy_x_get_y';
      buy: { on?: Selector; quantity: number };
      get: { on?: Selector; quantity: number };
      ppm: number;
      times?: number;
    }
  /** Of each `every` pieces one is free: the cheapest of all. */
  | { type: 'cheapest_free'; every: number; on?: Selector }
  /** A line more that costs nothing, as long as it is there. */
  | { type: 'gift'; variantId: string; quantity: number }
  | { type: 'free_shipping' }
  /** The highest tier that is reached. */
  | { type: 'tiers'; tiers: readonly Tier[]; on?: Selector };
export type EffectType = Effect['type'];

/** Which effects make sense in which group; whoever stores a promotion refuses the others. */
export const EFFECTS_OF: Readonly<Record<PromotionGroup, readonly EffectType[]>> = {
  product: ['percent', 'amount', 'fixed_price', 'buy_x_get_y', 'cheapest_free', 'gift', 'tiers'],
  order: ['percent', 'amount', 'gift', 'tiers'],
  shipping: ['free_shipping', 'percent', 'amount', 'fixed_price'],
};

export interface Promotion {
  id: string;
  /** For people: shown to shoppers and frozen on the order. */
  title: string;
  status: PromotionStatus;
  group: PromotionGroup;
  trigger: PromotionTrigger;
  /** The higher goes first; equal ones by id. */
  priority: number;
  /** When it is applied, nothing else of its group is (in a group that stacks). */
  exclusive: boolean;
  /** From then on; null: always. */
  startsAt: Date | null;
  /** Until before then; null: for ever. */
  endsAt: Date | null;
  conditions: readonly Condition[];
  effect: Effect;
  /** Orders that may use it in all, and by one customer; null: as many as like. Kept by the redemptions. */
  limitTotal: number | null;
  limitPerCustomer: number | null;
  /** What it may cost in all, in minor units of `currency`; null: no limit. */
  budget: bigint | null;
  /** Only for carts in it; null: for any. */
  currency: string | null;
  version: number;
}

/** Why a promotion cannot be used any more though it matches: known by whoever counts, not by the evaluator. */
export type Spent =
  'limit_total' | 'limit_per_customer' | 'first_order' | 'budget' | 'code_used' | 'code_expired';

/** A promotion as it is offered to one cart: by itself, or through a code that the cart names. */
export interface Candidate {
  promotion: Promotion;
  codeId: string | null;
  /** Case-folded (`foldCode`); null: automatic. */
  code: string | null;
  spent: Spent | null;
}

/** The automatic promotions that are active and how each group picks: cached with the selling rules. */
export interface StandingPromotions {
  modes: GroupModes;
  automatic: readonly Promotion[];
}

/** All that one cart is judged by: the automatic ones and those of its codes, in any order. */
export interface CartPromotions {
  modes: GroupModes;
  candidates: readonly Candidate[];
}

/** What an assessment applied: the input of redemption. One per promotion and code, shipping included. */
export interface Used {
  promotionId: string;
  codeId: string | null;
  code: string | null;
  /** What it takes off in all; a gift at the price that it has in the shop. */
  amount: Money;
}

/** `Summer 10 ` and `SUMMER 10` are one code. */
export const foldCode = (code: string): string => code.trim().normalize('NFKC').toUpperCase();
