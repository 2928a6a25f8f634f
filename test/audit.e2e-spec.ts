import { spawnSync } from 'node:child_process';
import { AuditChain } from '../src/platform/audit/audit-chain.js';
import { startApp, type TestApp } from './support/app.js';
import { given } from './support/given.js';

describe('the audit trail', () => {
  let app: TestApp;
  let token: string;
  let category: { id: string };

  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
    category = (await app.post('/v1/admin/categories', { handle: 'audited', title: 'Audited' }, { token }))
      .body;
    for (const title of ['One', 'Two', 'Three'])
      await app.patch(`/v1/admin/categories/${category.id}`, { title }, { token });
  });
  afterAll(() => app?.close());

  const chain = () => app.app.get(AuditChain);
  const list = (query: string) => app.get(`/v1/admin/audit?${query}`, { token });

  it('tells staff who did what, page by page and filtered', async () => {
    const about = `subjectType=category&subjectId=${category.id}`;
    const all = (await list(about)).body.items as { id: string; action: string; actorId: string }[];
    expect(all.map(({ action }) => action)).toEqual([
      ...Array<string>(3).fill('catalog.category.updated'),
      'catalog.category.created',
    ]);
    const first = await list(`${about}&limit=3`);
    const second = await list(`${about}&limit=3&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }: { id: string }) => id)).toEqual(
      all.map(({ id }) => id),
    );
    expect(second.body.nextCursor).toBeNull();
    const created = await list(`${about}&action=catalog.category.created&actorId=${all[0]?.actorId}`);
    expect(created.body.items).toHaveLength(1);
    expect((await list(`${about}&at[lte]=2020-01-01T00:00:00Z`)).body.items).toEqual([]);
    expect((await list(`${about}&at[gte]=2020-01-01T00:00:00Z`)).body.items).toHaveLength(4);
    expect((await list(`action=x&cursor=${first.body.nextCursor}`)).body.code).toBe(
      'platform.invalid_cursor',
    );
  });

  it('is not for everybody', async () => {
    const customer = await given.customer(app);
    for (const path of ['', '/export', '/integrity']) {
      expect((await app.get(`/v1/admin/audit${path}`)).status).toBe(401);
      expect((await app.get(`/v1/admin/audit${path}`, customer)).status).toBe(403);
    }
  });

  it('knows who wanted what it may not do, and who had to wait, however often they ask', async () => {
    const customer = await given.customer(app);
    const me = (await app.get('/v1/me', customer)).body.id;
    for (let time = 0; time < 3; time++) await app.get('/v1/admin/staff', customer);
    const denied = (await list(`action=platform.access.denied&actorId=${me}`)).body.items;
    expect(denied).toMatchObject([
      { subjectType: 'permission', subjectId: 'identity:staff:read', network: '127.0.0.0/24' },
    ]);
    const wrong = { email: customer.email, password: 'this is not the password' };
    const answers = [];
    for (let time = 0; time < 8; time++) answers.push((await app.post('/v1/auth/login', wrong)).status);
    expect(answers.filter((status) => status === 429).length).toBeGreaterThan(1);
    const about = `subjectId=${me}&action=identity.sign_in`;
    expect((await list(`${about}.throttled`)).body.items).toHaveLength(1);
    expect((await list(`${about}.failed`)).body.items.length).toBe(
      answers.filter((one) => one === 401).length,
    );
  });

  it('is sent whole, one entry per line', async () => {
    const answer = await app.get(`/v1/admin/audit/export?subjectId=${category.id}`, { token });
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { subjectId: string });
    expect(lines.map(({ subjectId }) => subjectId)).toEqual(Array(4).fill(category.id));
  });

  it('is chained once, however many chain it at the same time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => chain().seal()));
    const { body } = await app.get('/v1/admin/audit/integrity', { token });
    expect(body).toMatchObject({ isWhole: true, brokenAt: null, unsealed: 0, strangers: 0 });
    const [{ count } = { count: 0 }] = await app.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM platform.audit_entries',
    );
    expect(body.entries).toBe(count);
    const [newest] = (await list('limit=1')).body.items;
    expect([newest.position, newest.seal]).toEqual([count, body.head]);
  });

  it('is whole also where entries are from before networks were noted', async () => {
    await app.database.transaction(async () => {
      await app.database.query(`
        WITH old AS (
          INSERT INTO platform.audit_entries (id, actor_kind, action, subject_type, subject_id)
          VALUES (gen_random_uuid(), 'system', 'test.old', 'thing', 'x') RETURNING id, at)
        INSERT INTO platform.audit_unsealed SELECT id FROM old`);
    });
    await chain().seal();
    expect(await chain().verify()).toMatchObject({ isWhole: true, unsealed: 0 });
  });

  it('cannot be changed, and shows it when somebody with the keys of the database did', async () => {
    await chain().seal();
    const victim = `(SELECT entry_id FROM platform.audit_seals WHERE position = 2)`;
    const tamper = (statement: string) =>
      app.database.transaction(async () => {
        await app.database.query(
          'ALTER TABLE platform.audit_entries DISABLE TRIGGER audit_entries_append_only',
        );
        await app.database.query(statement);
        await app.database.query(
          'ALTER TABLE platform.audit_entries ENABLE TRIGGER audit_entries_append_only',
        );
      });
    await expect(
      app.database.query(`UPDATE platform.audit_entries SET action = 'x' WHERE id = ${victim}`),
    ).rejects.toThrow('append-only');
    await expect(app.database.query('DELETE FROM platform.audit_seals')).rejects.toThrow('append-only');
    const head = (await chain().verify()).head;

    await tamper(`UPDATE platform.audit_entries SET action = action || '!' WHERE id = ${victim}`);
    expect(await chain().verify()).toMatchObject({ isWhole: false, brokenAt: 2, head });
    await tamper(`UPDATE platform.audit_entries SET action = rtrim(action, '!') WHERE id = ${victim}`);
    expect((await chain().verify()).isWhole).toBe(true);

    await tamper(`
      INSERT INTO platform.audit_entries (id, actor_kind, action, subject_type, subject_id)
      VALUES (gen_random_uuid(), 'system', 'never.happened', 'thing', 'x')`);
    expect(await chain().verify()).toMatchObject({ isWhole: false, brokenAt: null, strangers: 1 });
    const told = spawnSync('node', ['dist/src/platform/audit/verify-audit.js'], {
      env: { ...process.env, DATABASE_URL: app.config.databaseUrl ?? '' },
      encoding: 'utf8',
    });
    expect([told.status, told.stdout]).toEqual([1, expect.stringContaining('The audit trail was changed')]);

    await tamper(`DELETE FROM platform.audit_entries WHERE action = 'never.happened' OR id = ${victim}`);
    expect(await chain().verify()).toMatchObject({ isWhole: false, brokenAt: 2, strangers: 0 });
  });
});
