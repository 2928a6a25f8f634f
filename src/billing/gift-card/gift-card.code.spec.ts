import { hashOfCode, newCode } from './gift-card.code.js';

describe('the code of a gift card', () => {
  it('is of its own, and the same however it is typed', () => {
    const codes = Array.from({ length: 1_000 }, newCode);
    expect(new Set(codes).size).toBe(1_000);
    expect(codes.every((code) => /^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$/.test(code))).toBe(true);
    for (const code of codes) {
      const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`;
      expect(hashOfCode(typed)).toEqual(hashOfCode(code));
    }
    expect(hashOfCode(codes[0] ?? '')).not.toEqual(hashOfCode(codes[1] ?? ''));
  });
});
