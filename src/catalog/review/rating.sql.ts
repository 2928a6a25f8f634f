const COUNT = '(g.n1 + g.n2 + g.n3 + g.n4 + g.n5)';

/**
 * SQL of what customers make of a product, as JSON; NULL when no review of it is published. The average is a text with one
 * decimal, made of whole numbers by exact division and rounded half up: no reader gets 4.300000001 out of it.
 */
export const ratingSql = (productId: string): string => `(
  SELECT json_build_object(
    'average', round((g.n1 + 2 * g.n2 + 3 * g.n3 + 4 * g.n4 + 5 * g.n5)::numeric / ${COUNT}, 1)::text,
    'count', ${COUNT}, 'distribution', json_build_array(g.n1, g.n2, g.n3, g.n4, g.n5))
  FROM catalog.ratings g WHERE g.product_id = ${productId} AND ${COUNT} > 0)`;
