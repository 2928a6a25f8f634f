import { randomUUID } from 'node:crypto';
import { AccountRepository } from '../../src/identity/account/account.repository.js';
import { admin, type TestApp } from './app.js';

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

export interface GivenStaff {
  id: string;
  email: string;
  password: string;
  token: string;
}

/** Builds the world through the front door. */
export const given = {
  /** Access token of an administrator. */
  async admin(app: TestApp): Promise<string> {
    return signIn(app, admin.email, admin.password);
  },

  /** Id of the account of this address, which the database does not say; null when there is none. */
  async accountId(app: TestApp, email: string): Promise<string | null> {
    return (await app.app.get(AccountRepository).credentials(email))?.id ?? null;
  },

  /** A customer with a verified address, signed in. */
  async customer(
    app: TestApp,
    email = `${randomUUID()}@example.test`,
  ): Promise<{ token: string; email: string; password: string }> {
    const password = 'four random words are good';
    await app.post('/v1/auth/register', { email, password });
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === email);
    const token = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
    const verified = await app.post('/v1/auth/email/verify', { token });
    if (verified.status !== 204) throw new Error(`the address was not verified: ${verified.text}`);
    return { token: await signIn(app, email, password), email, password };
  },

  /** A member of staff with these roles, signed in. */
  async staff(app: TestApp, roles: string[], admin?: string): Promise<GivenStaff> {
    const [email, password] = [`${randomUUID()}@shop.test`, 'four random words are good'];
    const token = admin ?? (await given.admin(app));
    const made = await app.post('/v1/admin/staff', { email, roles }, { token });
    if (made.status !== 201) throw new Error(`nobody was invited: ${made.text}`);
    await app.settle();
    const letter = (await app.letters()).findLast(({ to }) => to === email);
    const link = /token=([\w-]+)/.exec(letter?.text ?? '')?.[1];
    const set = await app.post('/v1/auth/password/reset', { token: link, password });
    if (set.status !== 204) throw new Error(`the invitation was not taken: ${set.text}`);
    return {
      id: (made.body as { id: string }).id,
      email,
      password,
      token: await signIn(app, email, password),
    };
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

async function signIn(app: TestApp, email: string, password: string): Promise<string> {
  const answer = await app.post('/v1/auth/login', { email, password });
  if (answer.status !== 200) throw new Error(`nobody was signed in: ${answer.text}`);
  return (answer.body as { accessToken: string }).accessToken;
}
