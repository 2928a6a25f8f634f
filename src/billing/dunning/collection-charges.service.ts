import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { Problem } from '../../platform/http/problem.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { MethodCharges } from '../payment-method/method-charges.service.js';
import { PaymentService } from '../payment/payment.service.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import { CollectionNews } from './collection-news.service.js';
import type { AttemptKind } from './collection.entity.js';
import { type Collecting, CollectionRepository } from './collection.repository.js';
import { ChargeableMethods } from './chargeable-methods.service.js';

const { payment_in_progress, payment_already_captured, charge_exceeds_due } = paymentProblems;
const WAITING = new Set(
  [payment_in_progress, payment_already_captured, charge_exceeds_due].map(({ kind }) => kind.code),
);

/** What came of beginning an attempt: an operation to be sent, or why nothing is. */
export type BegunAttempt = { readonly operationId: string } | { readonly bar: string };

/**
 * Makes the attempts to collect, in steps that each survive a crash: one transaction takes the attempt off the calendar and opens
 * the charge, the gateway is asked with none open, and what became of it is heard from the facts of the payment. An attempt that
 * died in between is found by the repair of payments and comes to the calendar again.
 */
@Injectable()
export class CollectionCharges {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly rows: CollectionRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly methods: ChargeableMethods,
    private readonly charges: MethodCharges,
    private readonly calls: GatewayCalls,
    private readonly payments: PaymentService,
    private readonly news: CollectionNews,
    private readonly clock: Clock,
  ) {}

  /** Makes the attempt that has been due for the longest time; false when none is. */
  next(): Promise<boolean> {
    return this.attempt((now) => this.rows.lockDue(now));
  }

  /** The same of one invoice. */
  of(invoiceId: string): Promise<boolean> {
    return this.attempt((now) => this.rows.lockDueOf(invoiceId, now));
  }

  private async attempt(lock: (now: Date) => Promise<Collecting | null>): Promise<boolean> {
    let taken: string | null = null;
    const begin = () =>
      this.database.transaction(async () => {
        const now = this.clock.now();
        const due = await lock(now);
        if (due === null) return null;
        taken = due.collection.invoiceId;
        // What an earlier attempt came to is heard before another one takes its place.
        await this.news.hear(taken);
        const collecting = (await this.rows.lock(taken)) ?? due;
        const kind = collecting.collection.take(now);
        return kind === null ? null : this.begin(collecting, kind);
      });
    const begun = await begin().catch(async (error: unknown) => {
      if (taken === null) throw error;
      // Whatever is wrong with this one, those behind it do not wait for it.
      await this.putOff(taken);
      this.log.error(`the attempt to collect the invoice ${taken} is put off: ${String(error)}`);
      return { bar: 'failed' };
    });
    if (begun === null) return false;
    failpoint('dunning.after_begin');
    if ('operationId' in begun) await this.send(begun.operationId);
    return true;
  }

  private async putOff(invoiceId: string): Promise<void> {
    await this.database.transaction(async () => {
      const found = await this.rows.lock(invoiceId);
      const now = this.clock.now();
      const kind = found?.collection.take(now) ?? null;
      // Another lane may have met it too, and put it off.
      if (found === null || kind === null) return;
      found.collection.postpone(kind, now);
      await this.rows.save(found.collection);
    });
  }

  /** In the caller's transaction, which holds the collection: opens the charge, or says why nothing could come of one. */
  async begin(collecting: Collecting, kind: AttemptKind): Promise<BegunAttempt> {
    const { collection, due: amount } = collecting;
    const { invoiceId, customerId, step } = collection;
    const now = this.clock.now();
    const { method, bar, waits } = await this.methods.toBegin(collecting);
    const attempt = {
      ...{ invoiceId, kind, step, amount, at: now, methodId: method?.id ?? null },
      ...{ brand: method?.brand ?? null, fingerprint: method?.fingerprint ?? null },
    };
    const skip = async (code: string): Promise<BegunAttempt> => {
      await this.attempts.add({ ...attempt, operationId: null, outcome: 'skipped', code });
      await this.news.follow(collecting, { kind, outcome: 'skipped', code });
      return { bar: code };
    };
    const wait = async (code: string): Promise<BegunAttempt> => {
      collection.postpone(kind, now);
      await this.rows.save(collection);
      return { bar: code };
    };
    if (method === null || customerId === null || bar !== null) return skip(bar ?? 'no_method');
    if (waits) return wait('payment_in_progress');
    try {
      const charge = { purpose: 'invoice', invoiceId, customerId, methodId: method.id, amount } as const;
      const { operationId } = await this.charges.open(charge);
      await this.attempts.add({ ...attempt, operationId, outcome: null, code: null });
      await this.rows.save(collection);
      return { operationId };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Money is under way, or has come and was not heard of yet: no failure of whoever pays. Who hears of it ends the collection.
      const code = error.code.replace(/^billing\./, '');
      return WAITING.has(error.code) ? wait(code) : skip(code);
    }
  }

  /** Asks the gateway and takes in what it says; repeating it moves nothing twice. Network: not in a transaction. */
  async send(operationId: string): Promise<void> {
    const outcome = await this.calls.send(operationId);
    failpoint('dunning.after_gateway');
    await this.database.transaction(() => this.payments.settle(operationId, outcome));
  }
}
