import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { SubscriptionMoved } from '../billing.events.js';
import { Deferrals } from './deferrals.service.js';
import { RevenueRecognition } from './revenue-recognition.service.js';

/** Of one run, after a long time in which nothing ran: the next one goes on. */
const STEPS = 200;

/** When what was put off is earned. */
@Subscriber()
export class DeferralSubscribers {
  constructor(
    private readonly deferrals: Deferrals,
    private readonly recognition: RevenueRecognition,
  ) {}

  @Every('10m', 'billing.recognise_revenue')
  recognise(): Promise<void> {
    return this.recognition.catchUp(STEPS);
  }

  /** Afterwards and on its own: whoever ends a subscription makes a last invoice of it too, whose number comes last. */
  @On(SubscriptionMoved)
  async ended({ payload: { subscriptionId, to } }: SubscriptionMoved): Promise<void> {
    if (to !== 'canceled' && to !== 'incomplete_expired') return;
    await this.deferrals.end(subscriptionId);
  }
}
