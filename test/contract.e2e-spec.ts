import { startApp, type TestApp } from './support/app.js';
import { Contract } from './support/contract.js';
import { given } from './support/given.js';
import { buy, checkOut, fillCart, goods } from './support/purchase.js';

// The client holds every answer against the documents; these walk where the other suites seldom go.
describe('the answers', () => {
  const contract = new Contract();
  let app: TestApp;
  let staff: string;

  beforeAll(async () => {
    app = await startApp();
    staff = await given.admin(app);
  });
  afterAll(() => app?.close());

  it('of a purchase are what the document says', async () => {
    const lamp = await goods(app, { stock: 2 });
    const { cart, answer } = await buy(app, [lamp]);
    expect(answer.status).toBe(201);
    await app.settle();
    const { cartToken } = { cartToken: cart.token };
    for (const path of [
      `/v1/carts/${cart.id}`,
      `/v1/orders/${answer.body.id}`,
      `/v1/payments/${answer.body.payments[0].id}`,
    ]) {
      expect((await app.get(path, { cartToken })).status).toBe(200);
    }
    const waiting = await fillCart(app, [lamp]);
    for (const part of ['shipping-options', 'readiness', 'explain'])
      await app.get(`/v1/carts/${waiting.id}/${part}`, { cartToken: waiting.token });
    expect((await checkOut(app, waiting, { token: 'decline_generic' })).status).toBe(402);
    expect((await checkOut(app, waiting, { token: 'sca_required' })).status).toBe(202);
  });

  it('of a refused purchase are what the document says', async () => {
    const lamp = await goods(app, { stock: 1 });
    const cart = await fillCart(app, [lamp]);
    await buy(app, [lamp]);
    expect((await checkOut(app, cart)).status).toBe(409);
    expect((await checkOut(app, cart, { body: { surprise: true } })).status).toBe(400);
    expect((await app.post('/v1/carts', '<a/>', { headers: { 'content-type': 'text/xml' } })).status).toBe(
      415,
    );
    expect((await app.get(`/v1/carts/${cart.id}`)).status).toBe(404);
  });

  it('of the shop and of an account are what the document says', async () => {
    const product = await given.product(app, staff);
    const { token } = await given.customer(app);
    for (const path of [
      '/v1/products?facets=true&currency=EUR',
      `/v1/products/${product.id}`,
      '/v1/categories',
    ])
      expect((await app.get(path)).status).toBe(200);
    expect((await app.get('/v1/me', { token })).status).toBe(200);
    expect((await app.get('/v1/admin/orders', { token })).status).toBe(403);
    expect((await app.get('/health/ready')).status).toBe(200);
  });

  it('of staff lists are what the document says', async () => {
    for (const list of ['products', 'orders', 'payments', 'imports', 'events'])
      expect((await app.get(`/v1/admin/${list}`, { token: staff })).status).toBe(200);
  });

  it('would be caught if they were not', () => {
    const path = '/v1/products/lamp';
    const body = { id: 7, surprise: true };
    const found = contract.faults('GET', path, { status: 200, body }).join('\n');
    expect(found).toContain('/id must be string');
    expect(found).toContain('"additionalProperty":"surprise"');
    expect(contract.faults('GET', path, { status: 418, body })).toEqual([
      'getProduct 418: this status is not declared',
    ]);
    const headers = new Headers({ 'retry-after': '1', 'x-request-id': 'x' });
    expect(contract.faults('GET', path, { status: 200, body, headers })).toEqual([
      'getProduct 200: retry-after is not declared',
    ]);
    const problem = { code: 'catalog.nonsense' };
    expect(contract.faults('GET', path, { status: 404, body: problem })).toEqual([
      'getProduct 404: the problem catalog.nonsense is not declared',
    ]);
    const chatty = { code: 'platform.not_found', secret: 7 };
    expect(contract.faults('GET', path, { status: 404, body: chatty })).toEqual([
      'getProduct 404: platform.not_found has the undeclared secret',
    ]);
  });
});
