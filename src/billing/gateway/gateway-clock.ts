import { type ClockFollower, FollowsClock } from '../../platform/test-clock/follows-clock.js';
import { CaptureRepository } from '../payment/capture.repository.js';
import { PaymentGateway } from './payment-gateway.port.js';

/** In a sandbox whose clock is moved: the gateway goes with it, and the clock stops where a hold ends. */
@FollowsClock()
export class GatewayClock implements ClockFollower {
  constructor(
    private readonly gateway: PaymentGateway,
    private readonly holds: CaptureRepository,
  ) {}

  nextDue(after: Date): Promise<Date | null> {
    return this.holds.nextEnd(after);
  }

  follow(now: Date): Promise<void> {
    return this.gateway.moveClock(now);
  }
}
