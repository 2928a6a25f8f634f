import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { CollectionRequested } from '../billing.events.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import { CollectionRepository } from './collection.repository.js';
import { DunningPolicyRepository } from './dunning-policy.repository.js';

/** An invoice whose money is fetched, and not waited for. */
export interface NewCollection {
  readonly invoiceId: string;
  readonly subscriptionId: string | null;
  readonly customerId: string;
  /** The kept method to charge, and no other when it is gone; null: the customer's default, whichever it is by then. */
  readonly methodId: string | null;
}

/** Invoices that are collected from methods which customers have kept. */
@Injectable()
export class Collections {
  constructor(
    private readonly database: Database,
    private readonly rows: CollectionRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly policies: DunningPolicyRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * In the transaction that finalises the invoice: its money is fetched from now on. The first attempt is made after the commit: at
   * once where a request made the invoice, otherwise by a job, as are all others; an invoice that is a draft waits for its number,
   * one of nothing ends as paid. Starting twice starts once. What becomes of it is told by `billing.collection_failed`,
   * `billing.invoice_moved` and `billing.collection_ended`.
   */
  async start(collection: NewCollection): Promise<void> {
    if (!this.database.inTransaction)
      throw new Error('a collection is started in the transaction of its invoice');
    const policy = await this.policies.default();
    await this.rows.insert(collection, policy, this.clock.now());
    // What falls due at midnight, by the thousand, is left to the lanes of the job: its gateway holds up nobody who hears facts.
    if (currentRequest() === null) return;
    const { invoiceId, subscriptionId } = collection;
    this.outbox.record(new CollectionRequested({ invoiceId, subscriptionId }));
  }

  /** In the caller's transaction: a customer has another method, and everything that had failed by then is tried with it now. */
  async tryNow(customerId: string, methodId: string, factId: string): Promise<void> {
    const now = this.clock.now();
    for (const { collection } of await this.rows.lockFailing(customerId)) {
      // The fact may come late, when the failure knew of the choice already: it was that very method, or one that was
      // chosen for the invoice and for which no other stands in.
      if (await this.attempts.wasTried(collection.invoiceId, methodId, factId)) continue;
      if (collection.tryNow(methodId, now)) await this.rows.save(collection);
    }
  }
}
