import { DomainEvent } from '../events/event.js';

/** A mail waits to be sent. The row has what it says and to whom; the fact has only its id. */
export class MailRequested extends DomainEvent<{ mailId: string }> {
  static readonly type = 'platform.mail_requested';
}
