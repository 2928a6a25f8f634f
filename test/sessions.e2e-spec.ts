import { decodeJwt } from 'jose';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';

const UNKNOWN = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

describe('sessions', () => {
  let app: TestApp;
  let root: string;

  beforeAll(async () => {
    app = await startApp();
    root = await given.admin(app);
  });
  afterAll(() => app?.close());

  const must = (answer: Answer): Answer['body'] => {
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body;
  };
  const login = async (who: { email: string; password: string }, headers: Record<string, string> = {}) =>
    must(await app.post('/v1/auth/login', { email: who.email, password: who.password }, { headers }));
  const sessionOf = (token: string): string => String(decodeJwt(token).sid);
  const statusOf = async (token: string) => (await app.get('/v1/me', { token })).status;
  const idOf = async (token: string): Promise<string> => must(await app.get('/v1/me', { token })).id;
  const mine = async (token: string): Promise<Record<string, unknown>[]> =>
    must(await app.get('/v1/me/sessions', { token })).items;
  const audited = (subjectId: string, action: string) =>
    app.database.query<{
      actor: string;
      details: Record<string, unknown> | null;
      impersonator: string | null;
    }>(
      `SELECT actor_id AS actor, impersonator_id AS impersonator, details FROM platform.audit_entries
       WHERE subject_id = $1 AND action = $2 ORDER BY id`,
      [subjectId, action],
    );

  describe('in the list of their owner', () => {
    it('say by which browser and by which proof, and nothing that tells browsers of a kind apart', async () => {
      const ada = await given.customer(app);
      const { accessToken } = await login(ada, { 'user-agent': FIREFOX });
      const [newest, first, ...more] = await mine(accessToken);
      expect(more).toEqual([]);
      expect(newest).toEqual({
        id: sessionOf(accessToken),
        createdAt: expect.any(String),
        lastSeenAt: expect.any(String),
        ipPrefix: '127.0.0.0/24',
        userAgent: 'Firefox on Linux',
        amr: decodeJwt(accessToken).amr,
        impersonatedBy: null,
        current: true,
      });
      expect(newest?.amr).toEqual(['pwd']);
      expect(first).toMatchObject({ id: sessionOf(ada.token), current: false });
    });

    it('show a second proof where it was given', async () => {
      const { token } = await given.customer(app);
      await app.database.execute(`UPDATE identity.sessions SET methods = '{otp,pwd}' WHERE id = $1`, [
        sessionOf(token),
      ]);
      expect((await mine(token))[0]?.amr).toEqual(['otp', 'pwd']);
    });

    it('all end but the present one, when that is said', async () => {
      const [ada, eve] = [await given.customer(app), await given.customer(app)];
      const others = [await login(ada), await login(ada)];
      const ended = await app.delete('/v1/me/sessions?others=true', { token: ada.token });
      expect(ended.status).toBe(204);
      for (const { accessToken, refreshToken } of others) {
        expect(await statusOf(accessToken)).toBe(401);
        expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      }
      expect((await mine(ada.token)).map(({ id }) => id)).toEqual([sessionOf(ada.token)]);
      expect(await statusOf(eve.token)).toBe(200);
      // There is nothing left to end, which is what was wanted.
      expect((await app.delete('/v1/me/sessions?others=true', { token: ada.token })).status).toBe(204);
      const noted = await audited(await idOf(ada.token), 'identity.session.others_ended');
      expect(noted[0]?.actor).toBe(await idOf(ada.token));
    });

    it.each(['', '?others=false', '?others=', '?other=true'])(
      'stay when it is not said: %s',
      async (query) => {
        const ada = await given.customer(app);
        const other = await login(ada);
        const refused = await app.delete(`/v1/me/sessions${query}`, { token: ada.token });
        expect([refused.status, refused.body.code]).toEqual([400, 'platform.invalid_input']);
        expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer: '/others' }));
        expect(await statusOf(other.accessToken)).toBe(200);
      },
    );

    it('end for nobody who is not signed in', async () => {
      expect((await app.delete('/v1/me/sessions?others=true')).status).toBe(401);
    });

    it('leave a trace when they are ended one by one', async () => {
      const ada = await given.customer(app);
      const sessionId = sessionOf((await login(ada)).accessToken);
      expect((await app.delete(`/v1/me/sessions/${sessionId}`, { token: ada.token })).status).toBe(204);
      expect((await app.delete(`/v1/me/sessions/${sessionId}`, { token: ada.token })).status).toBe(404);
      const noted = await audited(await idOf(ada.token), 'identity.session.ended');
      expect(noted.map(({ details }) => details)).toEqual([{ sessionId }]);
    });
  });

  describe('in the lists of staff', () => {
    it('of a customer show the same, and end one or all', async () => {
      const ada = await given.customer(app);
      const path = `/v1/admin/customers/${await idOf(ada.token)}/sessions`;
      const { accessToken } = await login(ada, { 'user-agent': FIREFOX });
      const { items } = must(await app.get(path, { token: root }));
      expect(items[0]).toMatchObject({ userAgent: 'Firefox on Linux', amr: ['pwd'], impersonatedBy: null });
      const one = await app.delete(`${path}/${sessionOf(accessToken)}`, { token: root });
      expect([one.status, await statusOf(accessToken), await statusOf(ada.token)]).toEqual([204, 401, 200]);
      expect((await app.delete(path, { token: root })).status).toBe(204);
      expect(await statusOf(ada.token)).toBe(401);
    });

    it('of a colleague show the same, and end one or all', async () => {
      const clerk = await given.staff(app, ['support'], root);
      const path = `/v1/admin/staff/${clerk.id}/sessions`;
      const { accessToken, refreshToken } = await login(clerk, { 'user-agent': FIREFOX });
      const { items } = must(await app.get(path, { token: root }));
      expect(items[0]).toMatchObject({ userAgent: 'Firefox on Linux', amr: ['pwd'], impersonatedBy: null });
      expect((await app.delete(path, { token: clerk.token })).status).toBe(403);
      expect((await app.delete(path)).status).toBe(401);
      expect(await statusOf(clerk.token)).toBe(200);
      expect((await app.delete(path, { token: root })).status).toBe(204);
      for (const token of [clerk.token, accessToken]) expect(await statusOf(token)).toBe(401);
      expect((await app.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
      expect(must(await app.get(path, { token: root })).items).toEqual([]);
      expect(await audited(clerk.id, 'identity.staff.sessions_ended')).toHaveLength(1);
      // Customers are not found among staff.
      const { token } = await given.customer(app);
      for (const id of [UNKNOWN, await idOf(token)])
        expect((await app.delete(`/v1/admin/staff/${id}/sessions`, { token: root })).status).toBe(404);
    });
  });
});
