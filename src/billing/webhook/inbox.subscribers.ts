import { Every, On, Subscriber } from '../../platform/events/subscribers.js';
import { GatewayNoticeReceived } from '../billing.events.js';
import { InboxService } from './inbox.service.js';

/** Works the inbox of gateway notices. */
@Subscriber()
export class InboxSubscribers {
  constructor(private readonly inbox: InboxService) {}

  @On(GatewayNoticeReceived, { transactional: false })
  async process({ payload: { gateway, eventId } }: GatewayNoticeReceived): Promise<void> {
    await this.inbox.process(gateway, eventId);
  }

  @Every('10s', 'billing.retry_notices')
  async retry(): Promise<void> {
    await this.inbox.retryDue();
  }

  @Every('1d', 'billing.forget_notices')
  async forget(): Promise<void> {
    await this.inbox.forgetDone();
  }

  @Every('1m', 'billing.catch_up')
  async catchUp(): Promise<void> {
    await this.inbox.catchUp();
  }
}
