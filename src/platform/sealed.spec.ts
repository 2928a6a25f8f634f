import type { NamedKey } from './secret-keys.js';
import { randomBytes } from 'node:crypto';
import { seal, unseal, unsealByRing } from './sealed.js';

describe('a sealed text', () => {
  const key = randomBytes(32);

  it('opens where it was sealed, and is never the same twice', () => {
    const sealed = seal(key, 'geheim: ü', 'a|b|1');
    expect(unseal(key, sealed, 'a|b|1')).toBe('geheim: ü');
    expect(sealed.includes(Buffer.from('geheim'))).toBe(false);
    expect(seal(key, 'geheim: ü', 'a|b|1').equals(sealed)).toBe(false);
  });

  it('opens nowhere else, with no other key, and not when it was changed', () => {
    const sealed = seal(key, 'secret', 'a|b|1');
    expect(() => unseal(key, sealed, 'a|b|2')).toThrow();
    expect(() => unseal(randomBytes(32), sealed, 'a|b|1')).toThrow();
    for (const place of [0, 14, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(() => unseal(key, changed, 'a|b|1')).toThrow();
    }
    expect(() => unseal(key, sealed.subarray(0, -1), 'a|b|1')).toThrow();
  });

  it('opens with the key that fits, and says when that is not the present one', () => {
    const ring = (...keys: Buffer[]) =>
      keys.map((each) => ({ id: 'any', key: each })) as [NamedKey, ...NamedKey[]];
    const [present, before, strange] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const old = seal(before, 'a secret', 'here');
    expect(unsealByRing(ring(present, before), old, 'here')).toEqual({ text: 'a secret', old: true });
    expect(unsealByRing(ring(before), old, 'here')).toEqual({ text: 'a secret', old: false });
    expect(() => unsealByRing(ring(present, strange), old, 'here')).toThrow();
    expect(() => unsealByRing(ring(present, before), old, 'there')).toThrow();
  });
});
