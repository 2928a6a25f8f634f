import { COMMON_PASSWORDS } from './common-passwords.js';
import { blockList, weaknessOf } from './password.rules.js';

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

  it('is held against a list of the shop’s own, line by line and word by word', () => {
    const blocked = blockList(['Tote Bag', 'ＷＯＯＬＬＹ', '4711-0815-4711-07', 'o2']);
    const weakness = (password: string) => weaknessOf(password, 15, ['Guildhall'], blocked);
    expect(weakness('woolly-tote-2024!')).toBe('blocked');
    expect(weakness('W00lly Guildhall password')).toBe('blocked');
    expect(weakness('4711-0815-4711-07')).toBe('blocked');
    expect(weakness('woolly tote bag and more')).toBeNull();
    expect(weakness('Guildhall-password-1')).toBe('context');
    expect(weaknessOf('woolly-tote-2024!', 15, ['Guildhall'])).toBeNull();
  });

  it('is measured after normalisation, in code points', () => {
    expect(weaknessOf('ﬃ'.repeat(1) + 'zyxwvutkjhg', 13, [])).toBeNull();
  });
});
