import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { Money } from '../../platform/money/money.js';
import { paymentProblems } from '../payment/payment.errors.js';
import type { PaymentMethod } from '../payment-method/payment-method.js';
import { type Chargeable, ChargeableMethods } from './chargeable-methods.service.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import { CollectionNews } from './collection-news.service.js';
import { type Collecting, CollectionRepository } from './collection.repository.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import { isForbidden } from './retry-rules.js';

/** Attempts that whoever owes makes, signed in or by a link: beside those of the schedule, since card networks count them all. */
@Injectable()
export class OwnAttempts {
  constructor(
    private readonly rows: CollectionRepository,
    private readonly methods: ChargeableMethods,
    private readonly attempts: CollectionAttemptRepository,
    private readonly news: CollectionNews,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction, before the invoice is locked: the collection of an invoice that is to be charged to this method; null
   * when it is not collected. 409 `billing.method_barred` or `billing.payment_in_progress` when it must not be charged, or not now.
   */
  async lock(invoiceId: string, methodId: string): Promise<Collecting | null> {
    const collecting = await this.rows.lock(invoiceId);
    if (collecting !== null) this.require(await this.methods.toBegin(collecting, methodId));
    return collecting;
  }

  require({ bar, waits }: Chargeable): void {
    if (isForbidden(bar)) throw invoiceLinkProblems.method_barred();
    if (waits) throw paymentProblems.payment_in_progress(undefined, { retryAfter: 60 });
  }

  /** In the caller's transaction, when the payment is opened. `kept`: what is charged, where it is a method that is kept. */
  async count(
    collecting: Collecting,
    { operationId, amount, kept }: { operationId: string; amount: Money; kept: PaymentMethod | null },
  ): Promise<void> {
    const { invoiceId } = collecting.collection;
    // What an earlier attempt came to is heard before this one takes its place; nothing is under way now that its payment is locked.
    await this.news.hear(invoiceId);
    const { step } = ((await this.rows.lock(invoiceId)) ?? collecting).collection;
    await this.attempts.add({
      ...{ invoiceId, kind: 'link', step, amount, operationId },
      ...{ methodId: kept?.id ?? null, brand: kept?.brand ?? null, fingerprint: kept?.fingerprint ?? null },
      ...{ outcome: null, code: null, at: this.clock.now() },
    });
  }
}
