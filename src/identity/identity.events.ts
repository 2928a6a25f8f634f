import { DomainEvent } from '../platform/events/event.js';

/** A customer has registered; the address is not verified yet. */
export class CustomerRegistered extends DomainEvent<{ customerId: string }> {
  static readonly type = 'identity.customer_registered';
}

/** The customer has shown that the present address is theirs, the first one or another: guest orders with it are claimed. */
export class EmailVerified extends DomainEvent<{ customerId: string }> {
  static readonly type = 'identity.email_verified';
}
