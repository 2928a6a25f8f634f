import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { SubjectKeys } from '../src/platform/personal-data/subject-keys.js';
import { startApp, type TestApp, testConfig } from './support/app.js';

const OTHER_SECRET = 'another secret, which comes after the first';

describe('keys of subjects', () => {
  let app: TestApp;
  let keys: SubjectKeys;

  beforeAll(async () => {
    app = await startApp();
    keys = app.app.get(SubjectKeys);
  });
  afterAll(() => app.close());

  /** As another process has them, with a SECRET_KEY of its own. */
  const elsewhere = (settings: Record<string, string> = {}) =>
    new SubjectKeys(app.database, testConfig(app.config.databaseUrl ?? '', tmpdir(), settings));
  const subject = async (): Promise<string> => {
    const id = randomUUID();
    await app.database.transaction(() => keys.create(id));
    return id;
  };

  it('open what they sealed, in its place alone', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'a|b|1', 'Grüße');
    expect(sealed.toString('latin1')).not.toContain('Gr');
    expect(await keys.open(id, 'a|b|1', sealed)).toBe('Grüße');
    expect(await elsewhere().open(id, 'a|b|1', sealed)).toBe('Grüße');
    await expect(keys.open(id, 'a|b|2', sealed)).rejects.toThrow('authenticate');
    await expect(keys.open(await subject(), 'a|b|1', sealed)).rejects.toThrow('authenticate');
  });

  it('serve the transaction that makes them, and are gone with it when it is not committed', async () => {
    const id = randomUUID();
    const place = 'a|b|1';
    const failing = app.database.transaction(async () => {
      await keys.create(id);
      expect(await keys.open(id, place, await keys.seal(id, place, 'text'))).toBe('text');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await expect(keys.seal(id, place, 'text')).rejects.toThrow('no key');
    await app.database.transaction(() => keys.create(id));
    expect(await elsewhere().open(id, place, await keys.seal(id, place, 'text'))).toBe('text');
  });

  it('stay when they are made again', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'p', 'text');
    await app.database.transaction(() => keys.create(id));
    expect(await elsewhere().open(id, 'p', sealed)).toBe('text');
  });

  it('open rows of many subjects with one query', async () => {
    const rows: { subjectId: string; place: string; sealed: Buffer }[] = [];
    for (let n = 0; n < 30; n++) {
      const id = await subject();
      rows.push({ subjectId: id, place: `p|${n}`, sealed: await keys.seal(id, `p|${n}`, `text ${n}`) });
    }
    const asked = jest.spyOn(app.database, 'query');
    const fresh = elsewhere();
    expect(await fresh.openAll(rows)).toEqual(rows.map((_, n) => `text ${n}`));
    expect(asked).toHaveBeenCalledTimes(1);
    await fresh.openAll(rows);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });

  it('open nothing once they are destroyed: here at once, elsewhere within a second, and for good', async () => {
    const id = await subject();
    const sealed = await keys.seal(id, 'p', 'text');
    const other = elsewhere();
    expect(await other.open(id, 'p', sealed)).toBe('text');
    const failing = app.database.transaction(async () => {
      await keys.destroy(id);
      expect(await keys.open(id, 'p', sealed)).toBeNull();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await keys.open(id, 'p', sealed)).toBe('text');

    await app.database.transaction(() => keys.destroy(id));
    expect(await keys.open(id, 'p', sealed)).toBeNull();
    await wait(1_000);
    expect(await other.open(id, 'p', sealed)).toBeNull();
    await app.database.transaction(() => keys.create(id));
    expect(await keys.open(id, 'p', sealed)).toBeNull();
    await expect(keys.seal(id, 'p', 'text')).rejects.toThrow('no key');
    expect(
      await app.database.query('SELECT wrapped FROM platform.subject_keys WHERE subject_id = $1', [id]),
    ).toEqual([{ wrapped: null }]);
  });

  it('are never made for somebody who was erased without having one', async () => {
    const id = randomUUID();
    await app.database.transaction(() => keys.destroy(id));
    await app.database.transaction(() => keys.create(id));
    await expect(keys.seal(id, 'p', 'text')).rejects.toThrow('no key');
  });

  it('outlive a change of SECRET_KEY, and are wrapped anew by a job that several may run', async () => {
    const sealed = new Map<string, Buffer>();
    for (let n = 0; n < 250; n++) {
      const id = await subject();
      sealed.set(id, await keys.seal(id, 'p', 'text'));
    }
    const expectOpened = async (by: SubjectKeys) => {
      const rows = [...sealed].map(([subjectId, text]) => ({ subjectId, place: 'p', sealed: text }));
      expect(new Set(await by.openAll(rows))).toEqual(new Set(['text']));
    };
    const changed = { SECRET_KEY: OTHER_SECRET };
    const previous = 'a secret that only the tests know, 32+';
    await expect(expectOpened(elsewhere(changed))).rejects.toThrow('SECRET_KEY_PREVIOUS');
    const after = elsewhere({ ...changed, SECRET_KEY_PREVIOUS: previous });
    await expectOpened(after);
    expect(await after.elsewhere()).toBeGreaterThanOrEqual(250);
    const again = elsewhere({ ...changed, SECRET_KEY_PREVIOUS: previous });
    const [one, two] = await Promise.all([after.rewrap(), again.rewrap()]);
    expect(one + two).toBeGreaterThanOrEqual(250);
    expect(await after.elsewhere()).toBe(0);
    expect(await again.rewrap()).toBe(0);
    await expectOpened(elsewhere(changed));
    // And back, by the scheduled job of a process that knows both.
    expect(await elsewhere({ SECRET_KEY_PREVIOUS: OTHER_SECRET }).rewrap()).toBe(one + two);
    await expectOpened(elsewhere());
    await app.run('platform.rewrap_subject_keys');
    expect((await app.get('/metrics')).text).toContain('subject_keys_to_rewrap 0');
  }, 60_000);
});
