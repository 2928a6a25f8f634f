import { JobQueues } from '../events/job-queues.js';
import { Every, Subscriber } from '../events/subscribers.js';
import { ClockMover, MOVE_CLOCK } from './clock-mover.js';
import { TestClock } from './test-clock.js';

/** Carries out what was asked of the clock. It is woken when there is something; the schedule is for what was lost, and for workers that died. */
@Subscriber()
export class TestClockJobs {
  constructor(
    private readonly clock: TestClock,
    private readonly mover: ClockMover,
    private readonly queues: JobQueues,
  ) {}

  @Every('15s', MOVE_CLOCK, { time: 'real' })
  async move(): Promise<void> {
    if (!this.clock.isMovable) return;
    if (await this.mover.work()) await this.queues.wake(MOVE_CLOCK);
  }
}
