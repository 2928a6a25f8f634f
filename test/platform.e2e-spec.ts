import { startApp, type TestApp } from './support/app.js';

describe('the platform', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it('answers an unknown path with a problem document that has the request id', async () => {
    const answer = await app.get('/v1/nothing', { headers: { 'x-request-id': 'my-request-0001' } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe('my-request-0001');
    expect(answer.body).toMatchObject({
      code: 'platform.not_found',
      status: 404,
      requestId: 'my-request-0001',
      instance: '/v1/nothing',
    });
  });

  it('settles', () => app.settle());
});
