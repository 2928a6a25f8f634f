import { escapePointer } from '../../platform/http/body.js';
import type { FieldError } from '../../platform/http/problem.js';
import type { OptionTextsDto, ProductTextsDto, ProductTypeTextsDto } from './translation.dto.js';

/** Texts as they are kept: only what is translated, and by name, so that two languages can be merged. */
export interface Texts {
  title?: string;
  description?: string;
  seo?: { title?: string; description?: string };
  options?: Record<string, { name?: string; values?: Record<string, string> }>;
  attributes?: Record<string, { label?: string; options?: Record<string, string> }>;
}
/** As it comes in and goes out, whatever it is of. */
export type TextsInput = ProductTextsDto & ProductTypeTextsDto;

export function keptTexts({ title, description, seo, options, attributes }: TextsInput): Texts {
  return {
    ...given({ title, description }),
    ...(seo && { seo: given({ title: seo.title, description: seo.description }) }),
    ...(options && {
      options: Object.fromEntries(
        options.map(({ option, name, values }) => [
          option,
          { ...given({ name }), ...(values && { values }) },
        ]),
      ),
    }),
    ...(attributes && {
      attributes: Object.fromEntries(
        attributes.map(({ attribute, label, options: labels }) => [
          attribute,
          { ...given({ label }), ...(labels && { options: labels }) },
        ]),
      ),
    }),
  };
}

export function shownTexts({ options, attributes, ...texts }: Texts): TextsInput {
  return {
    ...texts,
    ...(options && { options: Object.entries(options).map(([option, own]) => ({ option, ...own })) }),
    ...(attributes && {
      attributes: Object.entries(attributes).map(([attribute, own]) => ({ attribute, ...own })),
    }),
  };
}

/** What there is to be translated of a product or a product type: values or enum options by name or code. */
export type Translatable = ReadonlyMap<string, readonly string[]>;

/** Names in the translation that there are not. */
export function faultsOfTexts(
  { options = [], attributes = [] }: TextsInput,
  there: Translatable,
): FieldError[] {
  const of = (
    list: 'options' | 'attributes',
    name: string,
    within: string,
    values: Record<string, string> | undefined,
    at: number,
  ): FieldError[] => {
    const known = there.get(name);
    const place = `/${list}/${at}`;
    if (!known) return [{ pointer: place, code: 'unknown_name', message: `there is no ${name}` }];
    return Object.entries(values ?? {}).flatMap(([value, text]): FieldError[] => {
      const pointer = `${place}/${within}/${escapePointer(value)}`;
      if (!known.includes(value)) return [{ pointer, code: 'unknown_value', message: 'is no value of it' }];
      return text === '' || text.length > 120
        ? [{ pointer, code: 'too_long', message: 'must have 1 to 120 characters' }]
        : [];
    });
  };
  return [
    ...options.flatMap(({ option, values }, at) => of('options', option, 'values', values, at)),
    ...attributes.flatMap(({ attribute, options: labels }, at) =>
      of('attributes', attribute, 'options', labels, at),
    ),
    ...alikeOptions(options, there),
  ];
}

/** Options, or values of one, that would be called the same: nobody could tell one from the other. */
function alikeOptions(options: OptionTextsDto[], there: Translatable): FieldError[] {
  const alike = (pointer: string): FieldError => ({
    pointer,
    code: 'duplicate',
    message: 'is what another one is called',
  });
  const own = new Map(options.map((one) => [one.option, one]));
  const names = [...there.keys()].map((option) => own.get(option)?.name ?? option);
  return options.flatMap(({ option, name, values = {} }, at) => {
    const texts = (there.get(option) ?? []).map((value) => textOf(values, value));
    return [
      ...(name && isTwice(names, name) ? [alike(`/options/${at}/name`)] : []),
      ...Object.entries(values).flatMap(([value, text]) =>
        isTwice(texts, text) ? [alike(`/options/${at}/values/${escapePointer(value)}`)] : [],
      ),
    ];
  });
}

const isTwice = (texts: string[], text: string): boolean => texts.indexOf(text) !== texts.lastIndexOf(text);
/** `constructor` is a value like any other. */
const textOf = (values: Record<string, string>, value: string): string =>
  Object.hasOwn(values, value) ? (values[value] ?? value) : value;

/** Without what is left out or null. */
const given = (texts: Record<string, string | null | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) =>
      text === null || text === undefined ? [] : [[name, text]],
    ),
  );
