import type { FieldError } from '../../platform/http/problem.js';
import type { MoneyJson } from '../../platform/money/money.js';
import {
  type Condition,
  type Effect,
  EFFECTS_OF,
  type Promotion,
  type Selector,
  type Tier,
} from './promotion.js';

type Draft = Pick<
  Promotion,
  'group' | 'startsAt' | 'endsAt' | 'currency' | 'budget' | 'conditions' | 'effect'
> & { budgetCurrency: string | null };

const fault = (pointer: string, code: string, message: string): FieldError => ({ pointer, code, message });

/** What the shape of the fields does not tell: faults, each with its place. None for a promotion that can be kept. */
export function faultsOf(promotion: Draft): FieldError[] {
  const { group, startsAt, endsAt, currency, budget, budgetCurrency, conditions, effect } = promotion;
  const effects = EFFECTS_OF[group];
  return [
    ...(startsAt && endsAt && startsAt >= endsAt
      ? [fault('/endsAt', 'too_early', 'must be after startsAt')]
      : []),
    ...(budget !== null && budgetCurrency !== currency
      ? [fault('/budget/currency', 'other_currency', 'must be the currency of the promotion')]
      : []),
    ...(budget === 0n ? [fault('/budget/amount', 'too_low', 'must be at least 1')] : []),
    ...(effects.includes(effect.type)
      ? []
      : [
          fault('/effect/type', 'not_in_group', `must be one of ${effects.join(', ')} in the group ${group}`),
        ]),
    ...conditions.flatMap((condition, index) => conditionFaults(condition, `/conditions/${index}`, currency)),
    ...effectFaults(effect, group === 'shipping', currency),
  ];
}

function conditionFaults(condition: Condition, at: string, currency: string | null): FieldError[] {
  switch (condition.type) {
    case 'subtotal':
      return subtotalFaults(condition, at, currency);
    case 'quantity':
      return selectorFaults(condition.on, `${at}/on`);
    case 'products':
    case 'categories':
    case 'collections':
      return condition.ids.length === 0 ? [fault(`${at}/ids`, 'too_few', 'must hold at least 1')] : [];
    case 'country':
      return condition.codes.length > 0 && !condition.codes.includes('*')
        ? []
        : [fault(`${at}/codes`, 'not_country', 'must hold at least one ISO 3166 country code such as DE')];
    case 'weekday_hours':
      return isTimeZone(condition.timeZone)
        ? []
        : [fault(`${at}/timeZone`, 'not_time_zone', 'must be an IANA time zone such as Europe/Berlin')];
    case 'customer_group':
    case 'first_order':
      return [];
  }
}

function subtotalFaults(
  { min, max, on }: Extract<Condition, { type: 'subtotal' }>,
  at: string,
  currency: string | null,
): FieldError[] {
  if (!min && !max) return [fault(at, 'required', 'needs min or max')];
  const odd = min && max && (min.currency !== max.currency || max.amount < min.amount);
  return [
    ...(odd ? [fault(`${at}/max`, 'too_low', 'must not be lower than min, in the same currency')] : []),
    ...currencyFaults(min, `${at}/min`, currency),
    ...currencyFaults(max, `${at}/max`, currency),
    ...selectorFaults(on, `${at}/on`),
  ];
}

function effectFaults(effect: Effect, isShipping: boolean, currency: string | null): FieldError[] {
  const on = 'on' in effect ? effect.on : undefined;
  if (isShipping && on) return [fault('/effect/on', 'not_here', 'must be left out: shipping has no lines')];
  const found = selectorFaults(on, '/effect/on');
  if (effect.type === 'amount' || effect.type === 'fixed_price')
    found.push(...currencyFaults(effect.money, '/effect/money', currency));
  if (effect.type === 'amount' && effect.money.amount === 0)
    found.push(fault('/effect/money/amount', 'too_low', 'must be at least 1'));
  if (effect.type === 'tiers') found.push(...tierFaults(effect.tiers, currency));
  if (effect.type === 'buy_x_get_y') {
    found.push(...selectorFaults(effect.buy.on, '/effect/buy/on'));
    found.push(...selectorFaults(effect.get.on, '/effect/get/on'));
  }
  return found;
}

/** Each says from where on and how much; all of one kind, and no two from the same point on. */
function tierFaults(tiers: readonly Tier[], currency: string | null): FieldError[] {
  const kinds = new Set(tiers.map(({ min }) => (min ? `value ${min.currency}` : 'pieces')));
  const points = tiers.map(({ min, minQuantity }) => min?.amount ?? minQuantity);
  return [
    ...tiers.flatMap((tier, index) => {
      const at = `/effect/tiers/${index}`;
      return [
        ...((tier.min === undefined) === (tier.minQuantity === undefined)
          ? [fault(at, 'only_one_of', 'needs exactly one of min, minQuantity')]
          : []),
        ...((tier.ppm === undefined) === (tier.money === undefined)
          ? [fault(at, 'only_one_of', 'needs exactly one of ppm, money')]
          : []),
        ...currencyFaults(tier.min, `${at}/min`, currency),
        ...currencyFaults(tier.money, `${at}/money`, currency),
      ];
    }),
    ...(kinds.size > 1
      ? [fault('/effect/tiers', 'mixed', 'must all count value in one currency, or pieces')]
      : []),
    ...(new Set(points).size < points.length
      ? [fault('/effect/tiers', 'duplicate', 'must not begin twice at the same point')]
      : []),
  ];
}

const currencyFaults = (money: MoneyJson | undefined, at: string, currency: string | null): FieldError[] =>
  money && currency !== null && money.currency !== currency
    ? [fault(`${at}/currency`, 'other_currency', 'must be the currency of the promotion')]
    : [];

/** An empty list would mean nothing where one that is left out means everything. */
function selectorFaults(selector: Selector | undefined, at: string): FieldError[] {
  if (!selector) return [];
  const { except, ...own } = selector;
  const empty = (lists: object, place: string) =>
    Object.entries(lists).flatMap(([name, ids]) =>
      Array.isArray(ids) && ids.length === 0
        ? [fault(`${place}/${name}`, 'too_few', 'must hold at least 1, or be left out')]
        : [],
    );
  return [...empty(own, at), ...empty(except ?? {}, `${at}/except`)];
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
