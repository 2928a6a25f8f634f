import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { CollectionEnded, CollectionFailed } from '../billing.events.js';
import { CollectionAttemptRepository, type OpenAttempt } from './collection-attempt.repository.js';
import type { AttemptOutcome, Told } from './collection.entity.js';
import { type Collecting, CollectionRepository } from './collection.repository.js';
import { DunningLetters } from './dunning-letters.service.js';

/** What attempts, and invoices that are settled otherwise, mean for collections. */
@Injectable()
export class CollectionNews {
  constructor(
    private readonly rows: CollectionRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly letters: DunningLetters,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction: something became of the payment of an invoice. Hearing it again changes nothing. */
  async hear(invoiceId: string): Promise<void> {
    const collecting = await this.rows.lock(invoiceId);
    const open = collecting && (await this.attempts.open(invoiceId));
    if (!open) return;
    const outcome = outcomeOf(open);
    if (outcome === null) return;
    const { code, advice } = open;
    await this.attempts.decide(open.id, { outcome, code, advice }, this.clock.now());
    await this.follow(collecting, { kind: open.kind, outcome, code });
  }

  /** In the caller's transaction, under the lock of the collection: what an attempt leads to, with its letter and its facts. */
  async follow(collecting: Collecting, told: Told): Promise<void> {
    const { collection, invoiceState } = collecting;
    const { invoiceId, subscriptionId, endAction } = collection;
    // Its money is there in the meantime, or nobody expects it: nothing of it failed.
    if (invoiceState !== 'open') return;
    const step = collection.step;
    const { letter, firstFailure, ended } = collection.tell(told, this.clock.now());
    await this.rows.save(collection);
    if (letter) await this.letters.write(collecting, letter);
    if (collection.step > step && !ended) {
      const nextAt = collection.nextAt?.toISOString() ?? null;
      const of = { invoiceId, subscriptionId, code: told.code };
      this.outbox.record(new CollectionFailed({ ...of, first: firstFailure, nextAt }));
    }
    if (ended) this.outbox.record(new CollectionEnded({ invoiceId, subscriptionId, action: endAction }));
  }

  /** In the caller's transaction: the invoice is paid, or nobody expects its money any more. */
  async settled(invoiceId: string, state: string): Promise<void> {
    if (state === 'open' || state === 'draft') return;
    const collecting = await this.rows.lock(invoiceId);
    if (collecting === null || collecting.collection.state === 'paid') return;
    collecting.collection.end(state === 'paid' ? 'paid' : 'stopped', this.clock.now());
    await this.rows.save(collecting.collection);
  }

  /** In the caller's transaction: what had come for it went back. */
  async resume(invoiceId: string): Promise<void> {
    await this.hear(invoiceId);
    const collecting = await this.rows.lock(invoiceId);
    if (collecting?.invoiceState !== 'open') return;
    if (collecting.collection.resume(this.clock.now())) await this.rows.save(collecting.collection);
  }
}

/** The code of an operation that another one has taken the place of. */
const SUPERSEDED = 'superseded';

/** Null: nobody knows yet, or the customer is at the bank. */
function outcomeOf({ status, code, advice }: OpenAttempt): AttemptOutcome | null {
  switch (status) {
    case 'succeeded':
      return 'paid';
    case 'failed':
      // Whoever had a page of the bank open has begun again: no bank has declined anything.
      if (code === SUPERSEDED) return 'superseded';
      return advice === 'authenticate' ? 'needs_customer' : 'declined';
    case 'errored':
      return 'errored';
    case 'created':
    case 'pending':
    case 'unknown':
      return null;
  }
}
