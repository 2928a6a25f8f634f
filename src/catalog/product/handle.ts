/** A word of an address: lower-case letters, digits and single hyphens. */
export const HANDLE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Words that are paths of their own below /v1/products. */
export const RESERVED_HANDLES: ReadonlySet<string> = new Set([
  ...['suggestions', 'search', 'facets', 'recommendations', 'export', 'import'],
]);

/** What a handle that is none is told. */
export const handleHint =
  '$property must be lower-case letters, digits and single hyphens, such as linen-tote';
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** What a caller knows a thing by: its id or, where that is null, its handle. */
export interface IdOrHandle {
  id: string | null;
  handle: string | null;
}

/** `key` of a path as an id or a handle. PostgreSQL has no NUL in a text: nothing can be called so. */
export function keyOf(key: string): IdOrHandle {
  return UUID.test(key) ? { id: key, handle: null } : { id: null, handle: key.replaceAll('\0', '?') };
}
