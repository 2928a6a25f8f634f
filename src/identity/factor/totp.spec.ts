import { base32, STANDARD } from './base32.js';
import { codeOf, newTotpSecret, otpauthUri, stepAt, stepOf } from './totp.js';

const SECRET = Buffer.from('12345678901234567890');
const at = (seconds: number) => new Date(seconds * 1_000);

describe('a time-based code', () => {
  // RFC 6238, appendix B.
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('of second %i is %s', (seconds, code) => {
    expect(codeOf(SECRET, stepAt(at(seconds)), 8)).toBe(code);
    expect(codeOf(SECRET, stepAt(at(seconds)))).toBe(code.slice(2));
  });

  it('is taken in its step and, if so set, in the next', () => {
    const now = at(1_111_111_111);
    const step = stepAt(now);
    expect(stepOf(SECRET, codeOf(SECRET, step), now, 0)).toBe(step);
    expect(stepOf(SECRET, codeOf(SECRET, step - 1), now, 0)).toBeNull();
    expect(stepOf(SECRET, codeOf(SECRET, step - 1), now, 1)).toBe(step - 1);
    expect(stepOf(SECRET, codeOf(SECRET, step - 2), now, 1)).toBeNull();
    expect(stepOf(SECRET, codeOf(SECRET, step + 1), now, 1)).toBeNull();
    expect(stepOf(SECRET, 'ééééé', now, 1)).toBeNull();
  });

  it('has a secret of 160 bits that apps can read', () => {
    expect(newTotpSecret()).toHaveLength(20);
    // RFC 4648, section 10.
    expect(base32(Buffer.from('fooba'), STANDARD)).toBe('MZXW6YTB');
    expect(otpauthUri(SECRET, 'The Shop', 'ada+1@example.test')).toBe(
      'otpauth://totp/The%20Shop:ada%2B1%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=The%20Shop&algorithm=SHA1&digits=6&period=30',
    );
  });
});
