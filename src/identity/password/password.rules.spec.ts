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
    ['aaaaaaaaaaaaaaaaaaa', 'repetition'],
    ['abcabcabcabcabcabc', 'repetition'],
    ['abcdefghijklmnopqrs', 'repetition'],
    ['guildhall-guildhall-1', 'context'],
    ['ada.byron.password', 'context'],
  ])('%s: %s', (password, weakness) => {
    expect(weaknessOf(password, 15, ['Guildhall', 'ada.byron'])).toBe(weakness);
  });

  it('is measured after normalisation, in code points', () => {
    expect(weaknessOf('ﬃ'.repeat(1) + 'zyxwvutkjhg', 13, [])).toBeNull();
  });
});
