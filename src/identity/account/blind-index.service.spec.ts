import { Config } from '../../platform/config.js';
import { BlindIndex } from './blind-index.service.js';

const secret = (letter: string) => letter.repeat(32);
const index = new BlindIndex(new Config({ SECRET_KEY: secret('a') }));
const changed = new BlindIndex(new Config({ SECRET_KEY: secret('b'), SECRET_KEY_PREVIOUS: secret('a') }));
const jane = { email: 'jane.doe@example.com', firstName: 'Jane  Mary', lastName: 'Müller-Lüdenscheidt' };

const finds = (typed: string, person = jane, by = index): boolean => {
  const had = new Set(index.tokensOf(person).map((token) => token.toString('hex')));
  return by.wanted(typed).some((tokens) => tokens.every((token) => had.has(token.toString('hex'))));
};

describe('the blind index', () => {
  it.each([
    'ja',
    'JANE',
    'mary',
    'mü',
    'MÜLLER-lü',
    'mu\u0308ller',
    'lüdenscheidt',
    'jane.d',
    'example.c',
    '@example',
  ])('finds by %s', (typed) => expect(finds(typed)).toBe(true));

  it.each(['j', 'ane', 'doe', 'muller', 'com', 'janet', '%', '_ane'])('does not find by %s', (typed) =>
    expect(finds(typed)).toBe(false),
  );

  it('wants every word', () => {
    expect(finds('mary mü')).toBe(true);
    expect(finds(' jane   jane.doe@example.com ')).toBe(true);
    expect(finds('mary meier')).toBe(false);
  });

  it('looks at twenty letters of a word, and at all of a short one', () => {
    const long = { ...jane, lastName: '𝒳'.repeat(30) };
    expect(finds('x'.repeat(25), long)).toBe(true);
    expect(finds('李', { ...jane, lastName: '李' })).toBe(true);
  });

  it('is of its key, and tries the former one', () => {
    const [present, former, ...more] = changed.ofEmail(jane.email);
    expect(more).toEqual([]);
    expect(present).not.toEqual(former);
    expect(index.ofEmail(jane.email)).toEqual([former]);
    expect([index.changes, changed.changes]).toEqual([false, true]);
    expect(finds('jane', jane, changed)).toBe(true);
  });

  it('does nothing for who has no name', () => {
    const { length } = index.tokensOf({ email: 'a@b.cd', firstName: null, lastName: null });
    expect(length).toBe(8);
  });
});
