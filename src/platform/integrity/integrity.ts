import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';

export const INTEGRITY_CHECKS = 'guildhall:integrity-checks';

/** Something that is not as it should be: what it should say and what it says, in ids, words and numbers, never personal data. */
export interface Difference {
  subjectId: string;
  expected: string;
  found: string;
}

/** One promise that rows keep to each other. It reads in a snapshot, takes no lock, and puts nothing right. */
export interface IntegrityCheck {
  /** `module.what_is_checked`, unique. */
  readonly code: string;
  /** What it promises, in one sentence. */
  readonly promise: string;
  /** What its subjects are: `order`, `payment`. */
  readonly subjectType: string;
  /** The next subjects behind one, in the order of their ids; null: from the first. */
  subjects(after: string | null, limit: number): Promise<string[]>;
  /** Those of these subjects with which something is wrong, at most one difference for each. */
  look(subjectIds: readonly string[]): Promise<Difference[]>;
}

/** What a module promises about its own schema. One class per module, with `@IntegrityChecks()`. */
export interface IntegrityCheckProvider {
  /** The module. */
  readonly name: string;
  readonly checks: readonly IntegrityCheck[];
}

/** Marks the one class of a module that implements `IntegrityCheckProvider`. */
export const IntegrityChecks = () => applyDecorators(Injectable(), SetMetadata(INTEGRITY_CHECKS, true));

/** SQL: the ids of a table behind $1, at most $2 of them. */
export const idsBehind = (table: string): string => `
  SELECT id::text FROM ${table} WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  ORDER BY id LIMIT $2`;

/** SQL: `Difference`s of rows `(id, name, expected, found)`; those of one subject stand in one. */
export const differing = (rows: string): string => `
  SELECT id::text AS "subjectId",
    string_agg(name || ' ' || coalesce(expected::text, 'none'), ', ' ORDER BY name) AS expected,
    string_agg(name || ' ' || coalesce(found::text, 'none'), ', ' ORDER BY name) AS found
  FROM (${rows}) AS told WHERE expected IS DISTINCT FROM found GROUP BY id ORDER BY id`;

/** The same for one subject whose values were worked out in the program; null when all are as they should be. */
export function differenceOf(
  subjectId: string,
  values: Readonly<Record<string, readonly [expected: string | bigint, found: string | bigint]>>,
): Difference | null {
  const odd = Object.entries(values).filter(([, [expected, found]]) => expected !== found);
  if (odd.length === 0) return null;
  return {
    subjectId,
    expected: odd.map(([name, [expected]]) => `${name} ${expected}`).join(', '),
    found: odd.map(([name, [, found]]) => `${name} ${found}`).join(', '),
  };
}
