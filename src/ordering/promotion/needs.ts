import type { Candidate, Condition, Effect, Selector } from './promotion.js';

/** What promotions want to know of a cart beyond its lines: nothing of it is read when none asks. */
export interface Needs {
  categories: readonly string[];
  collections: readonly string[];
  /** Variants that may be given away. */
  gifts: readonly string[];
  isFirstOrder: boolean;
}

/** What these promotions ask about, each id once. */
export function needsOf(candidates: readonly Candidate[]): Needs {
  const categories = new Set<string>();
  const collections = new Set<string>();
  const gifts = new Set<string>();
  let isFirstOrder = false;
  for (const { promotion } of candidates) {
    for (const on of [...promotion.conditions.flatMap(selectorsOf), ...effectSelectors(promotion.effect)]) {
      for (const lists of on.except ? [on, on.except] : [on]) {
        for (const id of lists.categories ?? []) categories.add(id);
        for (const id of lists.collections ?? []) collections.add(id);
      }
    }
    if (promotion.effect.type === 'gift') gifts.add(promotion.effect.variantId);
    isFirstOrder ||= promotion.conditions.some(({ type }) => type === 'first_order');
  }
  return { categories: [...categories], collections: [...collections], gifts: [...gifts], isFirstOrder };
}

function selectorsOf(condition: Condition): Selector[] {
  if (condition.type === 'categories' || condition.type === 'collections')
    return [{ [condition.type]: condition.ids }];
  return 'on' in condition && condition.on ? [condition.on] : [];
}

function effectSelectors(effect: Effect): Selector[] {
  if (effect.type === 'buy_x_get_y') return [effect.buy.on ?? {}, effect.get.on ?? {}];
  return 'on' in effect && effect.on ? [effect.on] : [];
}
