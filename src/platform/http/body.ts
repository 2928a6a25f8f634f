import { isUtf8 } from 'node:buffer';
import { type FieldError, platformProblems } from './problem.js';

/** Deeper than any document of ours: whatever walks over a body, checks and fingerprints, stays on its stack. */
const MAX_DEPTH = 32;
/** Wider than any list or object of ours: a megabyte of `{}` would cost a check, and a line in the answer, for each. */
const MAX_WIDTH = 1_000;
/** Names by which an object says what it is: whoever converts a body would ask the input for it. */
const RESERVED: readonly string[] = ['constructor', '__proto__'];
/** With the `u` flag a pair is one sign, so only a half that stands alone is found. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The value of a JSON body, before anybody looks at its meaning. Throws `platform.invalid_input` (400) for what is
 * not JSON, what is too deep or too wide to be looked at, and text that PostgreSQL cannot keep (NUL, halves of a
 * surrogate pair). An empty body is undefined.
 */
export function readJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const value = parse(body);
  const fault = faultOf(value, '', 0);
  if (fault) throw platformProblems.invalid_input(`The body ${fault.message}.`, { errors: [fault] });
  return value;
}

function parse(body: Buffer): unknown {
  try {
    // A decoder puts U+FFFD in the place of what it cannot read, and that would be kept.
    if (isUtf8(body)) return JSON.parse(body.toString());
  } catch {
    // Told below.
  }
  throw platformProblems.invalid_input('The request could not be read as JSON.', {
    errors: [{ pointer: '', code: 'malformed', message: 'must be well-formed JSON' }],
  });
}

function faultOf(value: unknown, pointer: string, depth: number): FieldError | null {
  if (typeof value === 'string') return textFault(value, pointer);
  if (typeof value !== 'object' || value === null) return null;
  if (depth === MAX_DEPTH)
    return { pointer, code: 'too_deep', message: `must not be nested deeper than ${MAX_DEPTH} levels` };
  const keys = Object.keys(value);
  if (keys.length > MAX_WIDTH)
    return { pointer, code: 'too_wide', message: `must not hold more than ${MAX_WIDTH} values in one place` };
  for (const key of keys) {
    const place = `${pointer}/${escapePointer(key)}`;
    if (RESERVED.includes(key))
      return { pointer: place, code: 'unknown_property', message: 'is not known here' };
    const fault =
      textFault(key, pointer) ?? faultOf((value as Record<string, unknown>)[key], place, depth + 1);
    if (fault) return fault;
  }
  return null;
}

const textFault = (text: string, pointer: string): FieldError | null =>
  text.includes('\0') || LONE_SURROGATE.test(text)
    ? { pointer, code: 'unstorable', message: 'must not hold NUL or half of a surrogate pair' }
    : null;

/** One part of a JSON Pointer (RFC 6901). */
export const escapePointer = (part: string): string => part.replace(/~/g, '~0').replace(/\//g, '~1');
