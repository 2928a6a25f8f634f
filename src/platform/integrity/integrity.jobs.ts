import { Clock } from '../clock.js';
import { Every, Subscriber } from '../events/subscribers.js';
import { IntegrityRunner } from './integrity-runner.js';
import { IntegrityRuns } from './integrity-runs.js';

/** Hours (UTC) in which the nightly run may begin; when nothing ran in the first of them, one of the others does it. */
const NIGHT = [1, 2, 3, 4];
const SINCE_MS = 12 * 3_600_000;

/** The integrity check of each night, and those that were asked for. */
@Subscriber()
export class IntegrityJobs {
  constructor(
    private readonly runner: IntegrityRunner,
    private readonly runs: IntegrityRuns,
    private readonly clock: Clock,
  ) {}

  @Every('30m', 'platform.plan_integrity')
  async plan(): Promise<void> {
    const now = this.clock.now();
    await this.runs.forget(now);
    if (!NIGHT.includes(now.getUTCHours())) return;
    if (await this.runs.isNightlySince(new Date(now.getTime() - SINCE_MS))) return;
    await this.runs.start(null, now);
  }

  // Behind the plan: a clock that is moved runs them in this order.
  @Every('15s', 'platform.run_integrity')
  run(): Promise<void> {
    return this.runner.work();
  }
}
