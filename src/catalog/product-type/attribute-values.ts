import { escapePointer } from '../../platform/http/body.js';
import type { FieldError } from '../../platform/http/problem.js';
import type { Attribute } from './attribute.js';

/** Characters of a text, and texts of a list. */
const MAX_TEXT = 2_000;
const MAX_VALUES = 100;

type Values = Record<string, unknown>;
/** Ids of products by what they were called: a handle or an id. */
export type ProductIds = ReadonlyMap<string, string>;

/** What of these values names other products, by handle or id. */
export function referencesIn(attributes: readonly Attribute[], given: Values): string[] {
  return attributes.flatMap(({ code, kind }) => {
    const value = valueOf(given, code);
    return kind === 'reference' && typeof value === 'string' ? [value] : [];
  });
}

/**
 * The values of a product as they are kept, and what of them does not fit its type. A value that is null is none;
 * references become ids, one value of a list a list of one.
 */
export function fitAttributes(
  type: string,
  attributes: readonly Attribute[],
  given: Values,
  ids: ProductIds,
): { values: Values; faults: FieldError[] } {
  const values: Values = {};
  const faults: FieldError[] = [];
  const tell = (code: string, fault: string, message: string) =>
    faults.push({ pointer: `/attributes/${escapePointer(code)}`, code: fault, message });
  const known = new Set(attributes.map(({ code }) => code));
  for (const code of Object.keys(given)) {
    if (!known.has(code))
      tell(
        code,
        'unknown_attribute',
        `is no attribute of the type ${type}; leave it out or add it to the type`,
      );
  }
  for (const attribute of attributes) {
    const { code, required, multiple } = attribute;
    const value = valueOf(given, code);
    if (value === null || (Array.isArray(value) && value.length === 0)) {
      if (required) tell(code, 'required', `is required of the type ${type}`);
      continue;
    }
    if (Array.isArray(value) && !multiple) {
      tell(code, 'not_single', 'must be one value and not a list');
      continue;
    }
    const list = [value].flat() as unknown[];
    const fault =
      list.length > MAX_VALUES
        ? (['too_many', `must hold at most ${MAX_VALUES} values`] as const)
        : new Set(list).size < list.length
          ? (['duplicate', 'must hold each value once'] as const)
          : list.map((one) => faultOf(attribute, one, ids)).find((one) => one !== null);
    if (fault) tell(code, ...fault);
    else if (multiple) values[code] = list;
    else values[code] = attribute.kind === 'reference' ? ids.get(keyOf(value)) : value;
  }
  return { values, faults };
}

/** Of the values themselves: `constructor` is a name like any other. */
const valueOf = (given: Values, code: string): unknown =>
  Object.hasOwn(given, code) ? (given[code] ?? null) : null;

/** Ids are found in lower case, handles have no other. */
const keyOf = (value: unknown): string => String(value).toLowerCase();

function faultOf(
  { kind, options }: Attribute,
  value: unknown,
  ids: ProductIds,
): readonly [code: string, message: string] | null {
  switch (kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? null : ['not_number', 'must be a number'];
    case 'boolean':
      return typeof value === 'boolean' ? null : ['not_boolean', 'must be true or false'];
    case 'enum':
      return options.some((option) => option.value === value)
        ? null
        : ['unknown_value', `must be one of ${options.map((option) => option.value).join(', ')}`];
    case 'reference':
      return typeof value === 'string' && ids.has(keyOf(value))
        ? null
        : ['unknown_product', 'must be the handle or id of a product that there is'];
    case 'text':
      return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
        ? null
        : ['not_text', `must be a text of 1 to ${MAX_TEXT} characters`];
  }
}
