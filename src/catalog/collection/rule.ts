import type { FieldError } from '../../platform/http/problem.js';

/** How deep `all` and `any` may stand in each other. */
const MAX_DEPTH = 4;
/** Conditions in one rule, groups not counted. */
const MAX_CONDITIONS = 50;

/** What products a collection holds: one of these per object. `category` holds ids once it is kept. */
export interface Rule {
  all?: Rule[];
  any?: Rule[];
  category?: string[];
  brand?: string[];
  attribute?: { name: string; in: string[] };
  /** Minor units of the lowest price. */
  price?: { currency: string; gte?: number; lte?: number };
  createdWithinDays?: number;
  inStock?: boolean;
  id?: string[];
  handle?: string[];
  titleContains?: string;
}

const KINDS = [
  ...(['all', 'any', 'category', 'brand', 'attribute', 'price', 'createdWithinDays', 'inStock'] as const),
  ...(['id', 'handle', 'titleContains'] as const),
];
const ONE_OF = `needs exactly one of ${KINDS.join(', ')}`;

/** A condition with the place where it stands, groups included; the outermost first. */
export function conditionsIn(rule: Rule, pointer: string, depth = 1): [Rule, string, number][] {
  const below = (name: 'all' | 'any') =>
    (rule[name] ?? []).flatMap((one, n) => conditionsIn(one, `${pointer}/${name}/${n}`, depth + 1));
  return [[rule, pointer, depth], ...below('all'), ...below('any')];
}

/** What the shape of the fields does not tell: faults, each with its place. None for a rule that can be kept. */
export function faultsOfRule(rule: Rule, pointer: string): FieldError[] {
  const conditions = conditionsIn(rule, pointer);
  const counted = conditions.filter(([{ all, any }]) => !all && !any);
  return [
    ...conditions.flatMap(([condition, place, depth]) => faultsOf(condition, place, depth)),
    ...(counted.length > MAX_CONDITIONS
      ? [{ pointer, code: 'too_many', message: `must hold at most ${MAX_CONDITIONS} conditions` }]
      : []),
  ];
}

function faultsOf(condition: Rule, pointer: string, depth: number): FieldError[] {
  const { price, id, all, any } = condition;
  if (KINDS.filter((kind) => condition[kind] !== undefined).length !== 1)
    return [{ pointer, code: 'only_one_of', message: ONE_OF }];
  if ((all ?? any) && depth >= MAX_DEPTH)
    return [{ pointer, code: 'too_deep', message: `must not stand deeper than ${MAX_DEPTH - 1} groups` }];
  if (id?.length === 0)
    return [{ pointer: `${pointer}/id`, code: 'too_few', message: 'must hold at least 1' }];
  if (price && price.gte === undefined && price.lte === undefined)
    return [{ pointer: `${pointer}/price`, code: 'required', message: 'needs gte or lte' }];
  if (price?.gte !== undefined && price.lte !== undefined && price.lte < price.gte)
    return [{ pointer: `${pointer}/price/lte`, code: 'too_low', message: 'must not be lower than gte' }];
  return [];
}

/** Whether what it holds changes by itself as time passes. */
export const movesWithTime = (rule: Rule): boolean =>
  conditionsIn(rule, '').some(([{ createdWithinDays }]) => createdWithinDays !== undefined);

/** The same rule with the categories that it names called by their ids. */
export function withCategoryIds(rule: Rule, idOf: (name: string) => string): Rule {
  const inside = (rules: Rule[]) => rules.map((one) => withCategoryIds(one, idOf));
  if (rule.all) return { all: inside(rule.all) };
  if (rule.any) return { any: inside(rule.any) };
  if (rule.category) return { category: [...new Set(rule.category.map(idOf))] };
  return rule;
}
