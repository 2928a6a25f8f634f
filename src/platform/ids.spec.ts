import { realNow } from './clock.js';
import { newId } from './ids.js';

describe('newId', () => {
  it('makes UUIDv7s that begin with the time', () => {
    const before = realNow().getTime();
    const id = newId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(realNow().getTime() + 1);
  });

  it('only grows, also within a millisecond', () => {
    const ids = Array.from({ length: 10_000 }, newId);
    const fallsBack = ids.findIndex((id, index) => index > 0 && id <= (ids[index - 1] ?? ''));
    expect(fallsBack).toBe(-1);
  });
});
