import { isCurrency } from '../../platform/money/currencies.js';
import type { RowFault } from './incoming-product.js';

type Json = Record<string, unknown>;

/** As deep as the bodies of requests may be. */
const MAX_DEPTH = 32;

/**
 * Takes values out of untrusted JSON and collects what is wrong with them, so that one row tells all its faults
 * at once. By hand and not by DTO classes: a file has a hundred thousand rows, and this costs microseconds.
 */
export class FieldReader {
  readonly faults: RowFault[] = [];

  constructor(private readonly line: number) {}

  fault(pointer: string, code: string, message: string): void {
    this.faults.push({ line: this.line, code, pointer, message });
  }

  object(value: unknown, pointer: string, known: readonly string[]): Json {
    if (!isObject(value)) {
      this.fault(pointer, 'is_object', 'must be an object');
      return {};
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.fault(`${pointer}/${key}`, 'unknown_property', 'is not known here');
    }
    return value;
  }

  text(from: Json, key: string, parent: string, max: number): string {
    const value = this.optionalText(from, key, parent, max);
    if (value === null && !this.faults.some(({ pointer }) => pointer === `${parent}/${key}`))
      this.fault(`${parent}/${key}`, 'required', 'must be a text that is not empty');
    return value ?? '';
  }

  optionalText(from: Json, key: string, parent: string, max: number): string | null {
    const value = from[key];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') {
      this.fault(`${parent}/${key}`, 'is_string', 'must be a text');
      return null;
    }
    const clean = cleanText(value).trim();
    if (clean.length > max)
      this.fault(`${parent}/${key}`, 'is_length', `must have at most ${max} characters`);
    return clean === '' ? null : clean;
  }

  integer(from: Json, key: string, parent: string, range: { min: number; max: number }): number {
    const value = from[key];
    if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max)
      return value;
    this.fault(`${parent}/${key}`, 'is_int', `must be a whole number from ${range.min} to ${range.max}`);
    return range.min;
  }

  optionalInteger(from: Json, key: string, parent: string, range: { min: number; max: number }) {
    return from[key] === undefined || from[key] === null ? null : this.integer(from, key, parent, range);
  }

  boolean(from: Json, key: string, parent: string, fallback: boolean): boolean {
    const value = from[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    this.fault(`${parent}/${key}`, 'is_boolean', 'must be true or false');
    return fallback;
  }

  currency(from: Json, key: string, parent: string): string {
    const value = from[key];
    if (typeof value === 'string' && isCurrency(value)) return value;
    this.fault(`${parent}/${key}`, 'is_currency', 'must be an ISO 4217 currency code such as EUR');
    return 'EUR';
  }

  list<T>(
    from: Json,
    key: string,
    parent: string,
    max: number,
    read: (item: unknown, pointer: string) => T,
  ): T[] {
    const value = from[key] ?? [];
    if (!Array.isArray(value)) {
      this.fault(`${parent}/${key}`, 'is_array', 'must be a list');
      return [];
    }
    if (value.length > max) {
      this.fault(`${parent}/${key}`, 'array_max_size', `must have at most ${max} items`);
      return [];
    }
    return value.map((item: unknown, index) => read(item, `${parent}/${key}/${index}`));
  }

  dictionary(from: Json, key: string, parent: string, max: { keys: number; key: number; value: number }) {
    const value = from[key] ?? {};
    const at = `${parent}/${key}`;
    if (!isObject(value)) {
      this.fault(at, 'is_object', 'must be an object of texts');
      return {};
    }
    const entries = Object.entries(value);
    if (entries.length > max.keys) this.fault(at, 'dictionary', `must have at most ${max.keys} keys`);
    return Object.fromEntries(
      entries.flatMap(([given, item]) => {
        // Trimmed like the names of options, which they must equal.
        const name = cleanText(given).trim();
        if (typeof item !== 'string' || item.length > max.value || name.length > max.key || name === '') {
          const message = `must be a text of at most ${max.value} characters, its name of 1 to ${max.key}`;
          this.fault(`${at}/${name}`, 'dictionary', message);
          return [];
        }
        return [[name, cleanText(item)] as const];
      }),
    );
  }

  /** An object of whatever JSON there is, with at most 250 names. */
  document(from: Json, key: string, parent: string): Json {
    const value = from[key] ?? {};
    const at = `${parent}/${key}`;
    if (!isObject(value)) {
      this.fault(at, 'is_object', 'must be an object');
      return {};
    }
    const names = Object.keys(value);
    if (names.length > 250 || names.some((name) => name === '' || name.length > 100))
      this.fault(at, 'dictionary', 'must have at most 250 keys of 1 to 100 characters');
    if (!isShallow(value, MAX_DEPTH)) {
      this.fault(at, 'too_deep', `must not be nested deeper than ${MAX_DEPTH} levels`);
      return {};
    }
    return clean(value) as Json;
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}

/** The same value with texts and names that the database can keep. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [cleanText(name), clean(item)]));
}

/** PostgreSQL has no NUL in texts, and a lone surrogate is no character at all. */
export const cleanText = (text: string): string => text.replace(/\0|\p{Cs}/gu, '');

/** The beginning of a text; a character that the cut would halve is left out. */
export const cut = (text: string, max: number): string => cleanText(text.slice(0, max));

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
