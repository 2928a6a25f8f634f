import { DomainEvent } from '../platform/events/event.js';

/** A customer has registered; the address is not verified yet. */
export class CustomerRegistered extends DomainEvent<{ customerId: string }> {
  static readonly type = 'identity.customer_registered';
}

/** The customer has shown that the address is theirs: guest orders with it may be claimed. */
export class EmailVerified extends DomainEvent<{ customerId: string }> {
  static readonly type = 'identity.email_verified';
}
