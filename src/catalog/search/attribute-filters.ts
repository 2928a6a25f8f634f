import { platformProblems } from '../../platform/http/problem.js';
import type { NumberRange, ProductFilters } from './search-conditions.js';

const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

/** Attributes that one list is filtered by: each is a condition in the counts of all others. */
const MOST = 20;

/** `attributes[colour]=red` and `attributes[weight][gte]=2` of a query. 400 for what is neither, and for too many. */
export function attributeFilters(
  given: Record<string, unknown>,
): Pick<ProductFilters, 'attributes' | 'numbers'> {
  if (Object.keys(given).length > MOST)
    throw platformProblems.invalid_input(`attributes must be at most ${MOST}.`, {
      errors: [{ pointer: '/attributes', code: 'too_many', message: `must be at most ${MOST}` }],
    });
  const filters: Pick<ProductFilters, 'attributes' | 'numbers'> = { attributes: [], numbers: [] };
  for (const [name, value] of Object.entries(given)) {
    const range = rangeOf(name, value);
    if (range === null) filters.attributes.push([name, textsOf(name, value)]);
    else filters.numbers.push([name, range]);
  }
  return filters;
}

function textsOf(name: string, value: unknown): string[] {
  const values = [value].flat();
  if (values.length > 20 || !values.every((one) => typeof one === 'string' && one.length <= 200))
    throw platformProblems.invalid_input(`attributes[${name}] must be a text of at most 200 characters.`, {
      errors: [{ pointer: `/attributes/${name}`, code: 'is_string', message: 'must be a text' }],
    });
  return values as string[];
}

/** Null for what is no object; 400 for one that is no range. */
function rangeOf(name: string, value: unknown): NumberRange | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const bounds = Object.entries(value);
  const fits = ([bound, text]: [string, unknown]) =>
    (bound === 'gte' || bound === 'lte') && typeof text === 'string' && NUMBER.test(text);
  if (bounds.length === 0 || !bounds.every(fits))
    throw platformProblems.invalid_input(`attributes[${name}] takes numbers as gte and lte.`, {
      errors: [
        {
          pointer: `/attributes/${name}`,
          code: 'not_range',
          message: 'must be gte, lte or both, as numbers',
        },
      ],
    });
  const { gte = null, lte = null } = Object.fromEntries(bounds.map(([bound, text]) => [bound, Number(text)]));
  return { gte, lte };
}
