import type { FieldError } from '../../platform/http/problem.js';

export interface Option {
  name: string;
  values: string[];
}

/** Name of an option to the value that a variant has. */
export type Choices = Record<string, string>;

/**
 * What is wrong with the choices of variants: each has one of the values of every option of its product, nothing else,
 * and no two are the same. A product without options may have one variant, or several that only differ by SKU. `at` is
 * where a variant stands in the input; `taken` are the choices of variants that are there already.
 */
export function faultsOfChoices(
  options: readonly Option[],
  variants: readonly { at: string; choices: Choices }[],
  taken: readonly Choices[] = [],
): FieldError[] {
  const names = options.map(({ name }) => name);
  const combinationOf = (choices: Choices) => JSON.stringify(names.map((name) => choices[name]));
  const seen = new Set(taken.map(combinationOf));
  return variants.flatMap(({ at, choices }) => {
    const fault = (name: string, code: string, message: string): FieldError => ({
      pointer: `${at}/options${name === '' ? '' : `/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`}`,
      code,
      message,
    });
    const faults = [
      ...Object.keys(choices)
        .filter((name) => !names.includes(name))
        .map((name) => fault(name, 'unknown_option', 'is no option of the product')),
      ...options
        .filter(({ name, values }) => !values.includes(choices[name] ?? ''))
        .map(({ name, values }) => fault(name, 'unknown_value', `must be one of ${values.join(', ')}`)),
    ];
    if (faults.length > 0 || options.length === 0) return faults;
    const combination = combinationOf(choices);
    if (seen.has(combination)) return [fault('', 'duplicate', 'are those of another variant')];
    seen.add(combination);
    return [];
  });
}

/** The options that variants make by their choices, in the order in which they come. */
export function optionsOf(choices: readonly Choices[]): Option[] {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of choices.flatMap((each) => Object.entries(each))) {
    const known = values.get(name);
    if (known) known.add(value);
    else values.set(name, new Set([value]));
  }
  return [...values].map(([name, known]) => ({ name, values: [...known] }));
}
