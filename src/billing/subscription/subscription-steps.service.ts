import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import type { OpenedPayment } from './subscription-charges.service.js';
import { SubscriptionPayments } from './subscription-payments.service.js';
import { SubscriptionReader } from './subscription.reader.service.js';

/** What a request had done when it died: which subscription, and the payment that was opened for it. */
export interface Done {
  readonly id: string;
  readonly payment: OpenedPayment | null;
}

export interface Answered {
  readonly status: 200 | 201 | 202;
  readonly body: string;
}

/** What is paid while its request waits: write down and commit; ask the gateway; take in what came of it, with the answer. */
@Injectable()
export class SubscriptionSteps {
  constructor(
    private readonly database: Database,
    private readonly payments: SubscriptionPayments,
    private readonly reader: SubscriptionReader,
  ) {}

  /** `prepare` has the transaction of the first step. A repeat with the same key goes on where a dead request stopped. */
  async run(done: 200 | 201, prepare: () => Promise<Done>): Promise<Answered> {
    const request = Idempotency.current();
    if (request === null) throw new Error('a subscription is paid only with an Idempotency-Key');
    const { id, payment } =
      (request.resume as Done | null) ??
      (await this.database.transaction(async () => {
        const prepared = await prepare();
        await request.remember(prepared);
        return prepared;
      }));
    const answer = async (): Promise<Answered> => {
      const seen = await this.reader.get(id);
      const status = seen.state === 'incomplete' || seen.payment?.status === 'processing' ? 202 : done;
      return { status, body: request.answer(status, seen) };
    };
    return payment === null ? this.database.transaction(answer) : this.payments.finish(payment, answer);
  }
}
