import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { SEARCH_WORDS } from './made-products.js';
import type { Scenario } from './scenarios.js';

interface Answer {
  status: number;
  text: string;
}

interface ListPage {
  items: { handle: string; variants: { id: string }[] }[];
  nextCursor: string | null;
}

const ADDRESS = {
  ...{ firstName: 'Ada', lastName: 'Byron', line1: 'Unter den Linden 1' },
  ...{ city: 'Berlin', postalCode: '10117', country: 'DE' },
};

/** One client of either side: knows some pages, handles and variants, and does one piece of work at a time. */
export class Shopper {
  private readonly pool: Pool;
  private readonly pages: string[] = [];
  private readonly handles: string[] = [];
  private readonly variants: string[] = [];
  private readonly etags = new Map<string, string>();

  constructor(base: string, connections: number) {
    this.pool = new Pool(base, { connections, pipelining: 1 });
  }

  /** Walks the first pages of the list, so that every request later is for something that exists. */
  async lookAround(pages: number): Promise<void> {
    let cursor: string | null = null;
    for (let n = 0; n < pages; n++) {
      const path: string = `/v1/products?limit=24${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
      const { status, text } = await this.get(path);
      if (status !== 200) throw new Error(`GET ${path} was answered by ${status}: ${text.slice(0, 200)}`);
      const page = JSON.parse(text) as ListPage;
      this.pages.push(path);
      for (const { handle, variants } of page.items) {
        this.handles.push(handle);
        this.variants.push(...variants.map(({ id }) => id));
      }
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
  }

  async do(work: Scenario['work']): Promise<Answer> {
    switch (work) {
      case 'list':
        return this.get(any(this.pages));
      case 'not-modified':
        return this.getAgain(any(this.pages));
      case 'detail':
        return this.get(`/v1/products/${any(this.handles)}`);
      case 'search':
        return this.get(`/v1/products?q=${encodeURIComponent(any(SEARCH_WORDS))}`);
      case 'facets':
        return this.get(`/v1/products?q=${encodeURIComponent(any(SEARCH_WORDS))}&facets=true`);
      case 'cart':
        return this.fillCart();
      case 'purchase':
        return this.buy();
    }
  }

  private async buy(): Promise<Answer> {
    const made = await this.fillCart();
    if (made.status !== 201) return made;
    const { id, token } = JSON.parse(made.text) as { id: string; token: string };
    const body = {
      ...{ payment: { gateway: 'test', token: 'ok' }, email: 'ada@example.test', shippingAddress: ADDRESS },
    };
    return this.post(`/v1/carts/${id}/checkout`, body, {
      'idempotency-key': randomUUID(),
      'x-cart-token': token,
    });
  }

  private fillCart(): Promise<Answer> {
    const first = any(this.variants);
    let second = any(this.variants);
    while (second === first) second = any(this.variants);
    return this.post('/v1/carts', {
      ...{ currency: 'EUR', email: 'ada@example.test' },
      lines: [
        { variantId: first, quantity: 1 },
        { variantId: second, quantity: 2 },
      ],
    });
  }

  private async getAgain(path: string): Promise<Answer> {
    const known = this.etags.get(path);
    const { statusCode, headers, body } = await this.pool.request({
      ...{ method: 'GET', path },
      headers: known === undefined ? {} : { 'if-none-match': known },
    });
    if (typeof headers.etag === 'string') this.etags.set(path, headers.etag);
    return { status: statusCode, text: await body.text() };
  }

  private async get(path: string): Promise<Answer> {
    const { statusCode, body } = await this.pool.request({ method: 'GET', path });
    return { status: statusCode, text: await body.text() };
  }

  private async post(path: string, json: object, headers: Record<string, string> = {}): Promise<Answer> {
    const { statusCode, body } = await this.pool.request({
      ...{ method: 'POST', path, body: JSON.stringify(json) },
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: statusCode, text: await body.text() };
  }
}

function any<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)];
  if (one === undefined) throw new Error('The shop shows nothing to choose from.');
  return one;
}
