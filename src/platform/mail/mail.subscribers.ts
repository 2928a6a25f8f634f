import { On, Subscriber } from '../events/subscribers.js';
import { Mail } from './mail.js';
import { MailRequested } from './mail.events.js';

@Subscriber()
export class MailSubscriber {
  constructor(private readonly mail: Mail) {}

  @On(MailRequested, { queue: 'mail', transactional: false })
  send(event: MailRequested): Promise<void> {
    return this.mail.send(event.payload.mailId);
  }
}
