import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { MAX_PRICE } from '../../platform/money/money.js';
import {
  type AttemptKind,
  type Conditions,
  type FraudRule,
  knownOf,
  SHOPPERS_KINDS,
  type Velocity,
} from './fraud-rule.js';

type Draft = Pick<FraudRule, 'conditions' | 'outcome'>;

/** No order comes to more: 100 lines of 999 of the dearest, taxed with 100 %, and as much for the parcel. */
const MOST = 2 * (100 * 999 + 1) * MAX_PRICE;

/** Refuses a rule that could never hold, or not do what it says (400); `at` is where it stands in what was sent. */
export function requireSound(rule: Draft, at = ''): void {
  const errors = [...faultsOf(rule.conditions), ...lateFaults(rule), ...kindFaults(rule)];
  if (errors.length === 0) return;
  throw platformProblems.invalid_input('This rule could not do what it says.', {
    errors: errors.map((error) => ({ ...error, pointer: `${at}${error.pointer}` })),
  });
}

const fault = (field: string, code: string, message: string): FieldError => ({
  pointer: `/conditions${field}`,
  code,
  message,
});

/** What contradicts itself, whatever is tried. */
function faultsOf(conditions: Conditions): FieldError[] {
  const { amountAtLeast, currency, shippingCountries, guest, velocity = [], kinds: _, ...rest } = conditions;
  const errors: FieldError[] = [];
  const named = [amountAtLeast, currency, shippingCountries, guest, ...velocity, ...Object.values(rest)];
  if (named.every((each) => each === undefined))
    errors.push(fault('', 'empty', 'must hold at least one condition beside kinds'));
  if (amountAtLeast && amountAtLeast.amount > MOST)
    errors.push(fault('/amountAtLeast/amount', 'too_high', 'is more than an order can come to'));
  if (amountAtLeast && currency !== undefined && amountAtLeast.currency !== currency)
    errors.push(fault('/currency', 'contradiction', 'is another one than that of amountAtLeast'));
  if (shippingCountries?.length === 0)
    errors.push(fault('/shippingCountries', 'empty', 'must name a country; leave it out for all of them'));
  if (shippingCountries?.includes('*'))
    errors.push(
      fault('/shippingCountries', 'not_country', 'must name countries; leave it out for all of them'),
    );
  for (const [n, { per, count }] of velocity.entries()) {
    if (per === 'card' && count === 'cards')
      errors.push(fault(`/velocity/${n}/count`, 'impossible', 'one card has no other cards'));
  }
  return errors;
}

/** What is known when the gateway has the money can only hold it back. */
function lateFaults({ conditions, outcome }: Draft): FieldError[] {
  if (conditions.riskAtLeast === undefined) return [];
  const errors: FieldError[] = [];
  if (outcome !== 'review')
    errors.push({
      pointer: '/outcome',
      code: 'too_late',
      message: 'must be review: the risk is known when the gateway has the money',
    });
  if (conditions.velocity) errors.push(fault('/velocity', 'too_late', 'cannot stand beside riskAtLeast'));
  return errors;
}

/** Each kind that is named has to be one of which the rule can hold; where none is, one of those that are meant then. */
function kindFaults(rule: Draft): FieldError[] {
  const { kinds } = rule.conditions;
  const faults = (kinds ?? SHOPPERS_KINDS).map((kind) => whyNever(rule, kind));
  if (kinds !== undefined)
    return faults.flatMap((why, n) => (why === null ? [] : [fault(`/kinds/${n}`, 'impossible', why)]));
  const [first = null] = faults;
  return first !== null && faults.every((why) => why !== null)
    ? [fault('', 'impossible', `holds of nothing that is tried: ${first}`)]
    : [];
}

/** Why a rule can never hold of an attempt of this kind; null: it can. */
function whyNever({ conditions, outcome }: Draft, kind: AttemptKind): string | null {
  const { facts, keys, outcomes } = knownOf(kind);
  const { kinds: _, velocity = [], ...named } = conditions;
  if (!outcomes.includes(outcome)) return `nothing can be done about \`${kind}\` that is called ${outcome}`;
  const fact = (Object.keys(named) as (keyof Conditions)[]).find((each) => !facts.includes(each));
  if (fact !== undefined) return `of \`${kind}\` there is no ${fact}`;
  const key = velocity.find(({ per }) => !keys.includes(per));
  if (key !== undefined) return `of \`${kind}\` there is no ${key.per} to count by`;
  // Whoever is counted by an account is no guest of an order; keeping a method needs one.
  const byAccount = velocity.some(({ per }: Velocity) => per === 'customer');
  if (conditions.guest === true && (kind === 'method' || (kind === 'order' && byAccount)))
    return `nobody without an account is behind such \`${kind}\``;
  return null;
}
