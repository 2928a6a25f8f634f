import { COMMON_PASSWORDS } from './common-passwords.js';
import { weaknessOf } from './password.rules.js';

describe('a password', () => {
  it.each([
    ['correct horse battery staple', null],
    ['vier zufällige wörter genügen', null],
    ['xK9#mQ2$vL5@nR8', null],
    ['🦊🌲🚲🍋🎻🧭🪵🥁🧦🪁🧂🛶🎈🧶🪴', null],
    ['short', 'too_short'],
    ['x'.repeat(10) + 'abcdefghij'.repeat(12), 'too_long'],
    ['passwordpassword', 'common'],
    ['P@ssw0rdP@ssw0rd!', 'common'],
    ['iloveyou-iloveyou-2024', 'common'],
    ['1qaz2wsx3edc4rfv', 'common'],
    ['Mailcreated5240', 'common'],
    ['momsanaladventure', 'common'],
    ['Butthead-1990-Garfield!', 'common'],
    ['ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ', 'common'],
    ['aaaaaaaaaaaaaaaaaaa', 'repetition'],
    ['abcabcabcabcabcabc', 'repetition'],
    ['abcdefghijklmnopqrs', 'repetition'],
    ['guildhall-guildhall-1', 'context'],
    ['ada.byron.password', 'context'],
    ['9x8y7z6w5v-4u3t2s', 'context'],
  ])('%s: %s', (password, weakness) => {
    expect(weaknessOf(password, 15, ['Guildhall', 'ada.byron', '9x8y7z6w5v4u3t2s@example.test'])).toBe(
      weakness,
    );
  });

  it('is held against more than 3,000 whole passwords, also where eight characters do', () => {
    const long = [...COMMON_PASSWORDS].filter((password) => password.length >= 8);
    expect(long.length).toBeGreaterThanOrEqual(3_000);
    expect(long.filter((password) => weaknessOf(password, 8, []) === null)).toEqual([]);
  });

  it('is measured after normalisation, in code points', () => {
    expect(weaknessOf('ﬃ'.repeat(1) + 'zyxwvutkjhg', 13, [])).toBeNull();
  });
});
