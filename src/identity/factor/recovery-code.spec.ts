import { newRecoveryCodes, printed, readRecoveryCode } from './recovery-code.js';

describe('a recovery code', () => {
  it('is read as it was printed, and as people type it', () => {
    const codes = newRecoveryCodes();
    expect(codes.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(codes.map(({ secret }) => secret)).size).toBe(10);
    for (const code of codes) {
      expect(printed(code)).toMatch(/^\d\d-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
      expect(readRecoveryCode(printed(code))).toEqual(code);
      expect(readRecoveryCode(printed(code).toLowerCase().replaceAll('-', ' '))).toEqual(code);
    }
    expect(readRecoveryCode('o1-1Lio0-ABCDE')).toEqual({ number: 1, secret: '11100ABCDE' });
  });

  it.each(['', '01', '01-ABCDE', '01-ABCDE-ABCDU', '1-ABCDE-ABCDE', '01-ABCDE-ABCDEF'])(
    'is not %s',
    (text) => {
      expect(readRecoveryCode(text)).toBeNull();
    },
  );
});
