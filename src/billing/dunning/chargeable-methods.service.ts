import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import type { Collecting } from './collection.repository.js';
import { type Bar, barOf } from './retry-rules.js';

export interface Chargeable {
  readonly method: PaymentMethod | null;
  /** Why it must not be charged now; null: it may be. */
  readonly bar: Bar | null;
}

/** Which method an invoice would be charged to. */
@Injectable()
export class ChargeableMethods {
  constructor(
    private readonly methods: PaymentMethodRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly clock: Clock,
  ) {}

  /** The method of the collection: see `PaymentMethodRepository.find`, which says the same of subscriptions. */
  async of({ collection, due }: Collecting): Promise<Chargeable> {
    const { customerId, methodId, invoiceId } = collection;
    const method = customerId === null ? null : await this.methods.find(customerId, methodId);
    if (method === null) return { method, bar: 'no_method' };
    const past = await this.attempts.ofCard(method.fingerprint, method.id);
    const { amount, currency } = due;
    const charge = { invoiceId, methodId: method.id, brand: method.brand, amount, currency };
    return { method, bar: barOf({ ...charge, now: this.clock.now() }, past) };
  }
}
