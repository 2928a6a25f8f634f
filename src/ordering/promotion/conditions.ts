import { Money, type MoneyJson } from '../../platform/money/money.js';
import { isWithin, localTime } from './local-time.js';
import type { Condition, ConditionType, Selector } from './promotion.js';
import { means, setOf, type Snapshot, type Target } from './snapshot.js';

/** What one condition asked and found, for people. */
export interface Tested {
  type: ConditionType;
  holds: boolean;
  actual: string;
  needed: string;
}

/** What conditions look at: the cart, and the goods as the groups before have left them. */
export interface Facts {
  snapshot: Snapshot;
  goods: readonly Target[];
  now: Date;
}

/** Tests one condition. Never throws on what was stored: what makes no sense does not hold. */
export function test(condition: Condition, facts: Facts): Tested {
  const { snapshot, goods, now } = facts;
  const told = (holds: boolean, actual: string, needed: string): Tested => ({
    type: condition.type,
    holds,
    actual,
    needed,
  });
  switch (condition.type) {
    case 'subtotal': {
      const value = valueOf(goods, condition.on);
      const { min, max } = condition;
      const holds = withinMoney(value, snapshot.currency, min, max);
      return told(holds, Money.of(value, snapshot.currency).toString(), range(min, max));
    }
    case 'quantity': {
      const pieces = piecesOf(goods, condition.on);
      return told(pieces >= condition.min, `${pieces}`, `at least ${condition.min}`);
    }
    case 'products':
    case 'categories':
    case 'collections': {
      const pieces = piecesOf(goods, { [condition.type]: condition.ids });
      const min = condition.min ?? 1;
      return told(pieces >= min, `${pieces}`, `at least ${min} of ${condition.ids.length} ${condition.type}`);
    }
    case 'customer_group': {
      const wanted = setOf(condition.codes);
      const { customerGroups } = snapshot;
      const holds = customerGroups.some((code) => wanted.has(code));
      return told(holds, customerGroups.join(', ') || 'none', condition.codes.join(' or '));
    }
    case 'first_order': {
      const actual =
        snapshot.isFirstOrder === null
          ? 'not signed in'
          : snapshot.isFirstOrder
            ? 'no order yet'
            : 'has ordered before';
      return told(snapshot.isFirstOrder === true, actual, 'a customer without an order');
    }
    case 'country': {
      const { country } = snapshot;
      const holds = country !== null && setOf(condition.codes).has(country);
      return told(holds, country ?? 'no address yet', condition.codes.join(' or '));
    }
    case 'weekday_hours': {
      const { days, from, to, timeZone } = condition;
      const local = localTime(now, timeZone);
      return told(
        isWithin(local, condition),
        `day ${local.day}, ${local.time}`,
        `days ${days.join(', ')} from ${from} to ${to} (${timeZone})`,
      );
    }
  }
}

/** What is left of the price of all that is meant, in minor units. */
export function valueOf(targets: readonly Target[], on?: Selector): bigint {
  let value = 0n;
  for (const target of targets) if (means(on, target)) value += target.left;
  return value;
}

/** Pieces of all that is meant. */
export function piecesOf(targets: readonly Target[], on?: Selector): number {
  let pieces = 0;
  for (const target of targets) if (means(on, target)) pieces += target.quantity;
  return pieces;
}

const withinMoney = (value: bigint, currency: string, min?: MoneyJson, max?: MoneyJson): boolean =>
  (min === undefined || (min.currency === currency && value >= BigInt(min.amount))) &&
  (max === undefined || (max.currency === currency && value <= BigInt(max.amount)));

const range = (min?: MoneyJson, max?: MoneyJson): string =>
  [
    ...(min ? [`at least ${Money.fromJSON(min)}`] : []),
    ...(max ? [`at most ${Money.fromJSON(max)}`] : []),
  ].join(', ');
