import { Every, Subscriber } from '../platform/events/subscribers.js';
import { LinkRepository } from './link/link.repository.js';
import { ThrottleRepository } from './throttle/throttle.repository.js';

/** Identity's own chores. */
@Subscriber()
export class IdentityJobs {
  constructor(
    private readonly throttles: ThrottleRepository,
    private readonly links: LinkRepository,
  ) {}

  @Every('1h', 'identity.forget_counters')
  forgetCounters(): Promise<number> {
    return this.throttles.forgetOld();
  }

  @Every('1d', 'identity.forget_links')
  forgetLinks(): Promise<number> {
    return this.links.forgetOld();
  }
}
