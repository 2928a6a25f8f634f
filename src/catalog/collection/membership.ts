import {
  inCategories,
  inStockSql,
  ofBrands,
  pricedWithin,
  withAttribute,
} from '../search/search-conditions.js';
import type { Statement } from '../search/statement.js';
import type { Rule } from './rule.js';

/** What decides which products are in a collection. */
export type Members = { id: string; rule: null } | { id: string | null; rule: Rule };

const DAY_MS = 86_400_000;

/**
 * SQL of a condition on a row `d` of catalog.search_documents: whether its product is in the collection. Nothing is
 * written when products change, so a collection is never out of date.
 */
export function membershipSql(members: Members, statement: Statement, now: Date): string {
  return members.rule === null
    ? `d.product_id IN (SELECT product_id FROM catalog.collection_products WHERE collection_id = ${statement.bind(members.id, 'uuid')})`
    : ruleSql(members.rule, statement, now);
}

/** Brands outside of which the rule lets nothing through; null: it may be any. */
export function brandsOfRule(rule: Rule): string[] | null {
  if (rule.brand) return rule.brand;
  for (const one of rule.all ?? []) {
    const brands = brandsOfRule(one);
    if (brands !== null) return brands;
  }
  return null;
}

function ruleSql(rule: Rule, statement: Statement, now: Date): string {
  const each = (rules: Rule[], word: string) =>
    `(${rules.map((one) => ruleSql(one, statement, now)).join(word)})`;
  if (rule.all) return each(rule.all, ' AND ');
  if (rule.any) return each(rule.any, ' OR ');
  if (rule.category) return inCategories(statement.bind(rule.category, 'uuid[]'));
  if (rule.brand) return ofBrands(rule.brand, statement);
  if (rule.attribute) return withAttribute(rule.attribute.name, rule.attribute.in, statement);
  if (rule.price) {
    const { currency, gte = null, lte = null } = rule.price;
    return pricedWithin(currency, { gte, lte }, statement);
  }
  if (rule.createdWithinDays !== undefined) {
    const since = new Date(now.getTime() - rule.createdWithinDays * DAY_MS);
    return `d.created_at >= ${statement.bind(since, 'timestamptz')}`;
  }
  if (rule.inStock !== undefined) {
    const isThere = inStockSql(statement.bind(now, 'timestamptz'));
    return rule.inStock ? isThere : `NOT ${isThere}`;
  }
  if (rule.id) return `d.product_id = ANY (${statement.bind(rule.id, 'uuid[]')})`;
  if (rule.handle) {
    const handles = statement.bind(rule.handle, 'text[]');
    return `d.product_id = ANY (ARRAY(SELECT id FROM catalog.products WHERE handle = ANY (${handles})))`;
  }
  // Made small and plain by PostgreSQL like the key itself; written so that it can tell how rare the text is.
  const pattern = (rule.titleContains ?? '').replace(/[\\%_]/g, '\\$&');
  return `d.title_key LIKE '%' || lower(public.unaccent(${statement.bind(pattern, 'text')})) || '%'`;
}
