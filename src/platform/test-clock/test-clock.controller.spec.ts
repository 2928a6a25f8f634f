import { SystemClock } from '../clock.js';
import { TestClock } from './test-clock.js';
import { TestClockController } from './test-clock.controller.js';

describe('the clock of a shop in production', () => {
  it('is not moved, whoever asks', async () => {
    // Nothing of the rest is reached.
    const none = undefined as never;
    const clock = new SystemClock();
    const controller = new TestClockController(
      none,
      new TestClock(none, clock, none, none),
      none,
      none,
      none,
      clock,
    );
    const asked = controller.advance({ by: { days: 1, hours: 0 } }, { kind: 'system', name: 'test' });
    await expect(asked).rejects.toMatchObject({ status: 409, code: 'platform.clock_not_movable' });
  });
});
