import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import type { Collecting } from './collection.repository.js';
import { type Bar, barOf, mustWait } from './retry-rules.js';

export interface Chargeable {
  readonly method: PaymentMethod | null;
  /** Why it must not be charged now; null: it may be. */
  readonly bar: Bar | null;
  /** So much is under way on it elsewhere that it cannot be said yet. */
  readonly waits: boolean;
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
  of(collecting: Collecting): Promise<Chargeable> {
    return this.look(collecting, collecting.collection.methodId, false);
  }

  /**
   * The same in the transaction that begins an attempt, before any payment is locked: nobody else begins one on that card meanwhile.
   * `methodId`: another one that its customer has chosen.
   */
  toBegin(collecting: Collecting, methodId = collecting.collection.methodId): Promise<Chargeable> {
    return this.look(collecting, methodId, true);
  }

  private async look(
    { collection, due }: Collecting,
    methodId: string | null,
    isToBegin: boolean,
  ): Promise<Chargeable> {
    const { customerId, invoiceId } = collection;
    const method = customerId === null ? null : await this.methods.find(customerId, methodId);
    if (method === null) return { method, bar: 'no_method', waits: false };
    if (isToBegin) await this.attempts.lockCard(method.fingerprint ?? method.id);
    const past = await this.attempts.ofCard(method.fingerprint, method.id);
    const { amount, currency } = due;
    const of = { invoiceId, methodId: method.id, brand: method.brand, amount, currency };
    const charge = { ...of, now: this.clock.now() };
    const bar = barOf(charge, past);
    return { method, bar, waits: bar === null && mustWait(charge, past) };
  }
}
