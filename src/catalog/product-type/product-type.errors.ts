import { defineProblems } from '../../platform/http/problem.js';

export const productTypeProblems = defineProblems('catalog', {
  unknown_product_type: {
    status: 422,
    title: 'Unknown product type',
    meaning: 'No product type has this code.',
    remedy: 'Use a code of GET /v1/admin/product-types, or make the type first.',
  },
  odd_attributes: {
    status: 422,
    title: 'The attributes do not fit the product type',
    meaning: 'A product with a type has the attributes that its type knows, each of the kind that it says.',
    remedy: 'Correct what `errors` points at, or change the type: PATCH /v1/admin/product-types/{id}.',
  },
  product_type_in_use: {
    status: 409,
    title: 'Products would not fit the type any more',
    meaning:
      'Products have the type, or values that the changed type does not take, or lack one that it asks for.',
    remedy: 'Change those products first: GET /v1/admin/products?productType= lists them.',
    members: {
      products: {
        description: 'How many products that are not archived.',
        schema: { type: 'integer', minimum: 1 },
        example: 12,
      },
    },
  },
});
