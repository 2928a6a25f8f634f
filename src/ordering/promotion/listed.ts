import type { GoodsScope, ListedTerms } from '../ordering.events.js';
import type { Condition, Promotion } from './promotion.js';

/** Whether pages might show it, now or after a change: what stays of a promotion allows it. */
export const mayBeListed = ({ group, trigger }: Pick<Promotion, 'group' | 'trigger'>): boolean =>
  group === 'product' && trigger === 'automatic';

/**
 * What pages of the shop show of a promotion; null when one piece alone does not tell what it takes off: it counts pieces,
 * value, orders or money, or looks at anything but the goods and the groups of the buyer.
 */
export function listedOf(promotion: Promotion): ListedTerms | null {
  const { title, priority, exclusive, startsAt, endsAt, currency } = promotion;
  const { limitTotal, limitPerCustomer, budget } = promotion;
  const isLimited = limitTotal !== null || limitPerCustomer !== null || budget !== null;
  const effect = effectOf(promotion);
  const asked = promotion.conditions.map(askedBy);
  if (promotion.status !== 'active' || !mayBeListed(promotion) || isLimited) return null;
  if (effect === null || asked.includes(null)) return null;
  const known = asked.filter((one) => one !== null);
  return {
    title,
    priority,
    exclusive,
    startsAt: startsAt?.toISOString() ?? null,
    endsAt: endsAt?.toISOString() ?? null,
    currency,
    groups: known.flatMap(({ groups }) => (groups ? [groups] : [])),
    scopes: [...known.flatMap(({ scope }) => scope ?? []), ...effect.scopes],
    effect: effect.each,
  };
}

function effectOf({ effect }: Promotion): { each: ListedTerms['effect']; scopes: GoodsScope[] } | null {
  const { type } = effect;
  if (type !== 'percent' && type !== 'amount' && type !== 'fixed_price') return null;
  if (type === 'amount' && effect.per === 'across') return null;
  const each = type === 'percent' ? { type, ppm: effect.ppm } : { type, money: effect.money };
  return { each, scopes: effect.on ? [effect.on] : [] };
}

function askedBy(condition: Condition): { scope?: GoodsScope; groups?: readonly string[] } | null {
  switch (condition.type) {
    case 'products':
    case 'categories':
    case 'collections':
      return (condition.min ?? 1) > 1 ? null : { scope: { [condition.type]: condition.ids } };
    case 'customer_group':
      return { groups: condition.codes };
    case 'subtotal':
    case 'quantity':
    case 'first_order':
    case 'country':
    case 'weekday_hours':
      return null;
  }
}
