export const KINDS = ['text', 'number', 'boolean', 'enum', 'reference'] as const;
export type AttributeKind = (typeof KINDS)[number];

export interface AttributeOption {
  value: string;
  label: string;
}

/** What products of a type say of themselves under one name. */
export interface Attribute {
  code: string;
  label: string;
  kind: AttributeKind;
  unit: string | null;
  /** Of an enum, in their order; none of the others. */
  options: AttributeOption[];
  required: boolean;
  facet: boolean;
  /** A list of values and not one; of text and enum. */
  multiple: boolean;
}

/** Of a type that products have: what changed for the worse, and which of its products would not fit any more. */
export type Narrowing =
  | { kind: 'gone' | 'changed' | 'required'; code: string; at: number | null }
  | { kind: 'options'; code: string; at: number | null; values: string[] };

/** Where a type asks for more than it did, or takes less. */
export function narrowings(before: readonly Attribute[], after: readonly Attribute[]): Narrowing[] {
  const old = new Map(before.map((attribute) => [attribute.code, attribute]));
  const places = new Map(after.map(({ code }, at) => [code, at]));
  const gone = before
    .filter(({ code }) => !places.has(code))
    .map(({ code }): Narrowing => ({ kind: 'gone', code, at: null }));
  const narrowed = after.flatMap((attribute, at): Narrowing[] => {
    const { code, kind, multiple, required, options } = attribute;
    const was = old.get(code);
    // A value of an untyped attribute of this name there cannot be: a typed product has what its type says.
    const asked: Narrowing[] = required && !was?.required ? [{ kind: 'required', code, at }] : [];
    if (!was) return asked;
    if (was.kind !== kind || was.multiple !== multiple) return [{ kind: 'changed', code, at }, ...asked];
    const values = was.options
      .map(({ value }) => value)
      .filter((value) => !options.some((option) => option.value === value));
    return values.length > 0 ? [{ kind: 'options', code, at, values }, ...asked] : asked;
  });
  return [...gone, ...narrowed];
}
