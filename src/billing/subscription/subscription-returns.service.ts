import { Injectable } from '@nestjs/common';
import { AnswersAfter } from '../../platform/http/answers-after.js';
import { Renewals } from './renewals.service.js';
import { type Asking, SubscriptionDesk } from './subscription-desk.service.js';
import type { SubscriptionDetailDto } from './subscription.dto.js';
import { SubscriptionReader } from './subscription.reader.service.js';

/**
 * What is billed again after a time in which it was not: at once, by the same job as every other, and each period in a transaction
 * of its own, so that one that cannot be billed leaves nothing behind.
 */
@Injectable()
export class SubscriptionReturns {
  constructor(
    private readonly desk: SubscriptionDesk,
    private readonly renewals: Renewals,
    private readonly reader: SubscriptionReader,
    private readonly answers: AnswersAfter,
  ) {}

  /** The period that was paid goes on, or a new one begins today. */
  resume(id: string, asking: Asking): Promise<SubscriptionDetailDto> {
    return this.after(id, asking, false, () => this.desk.resume(id, asking));
  }

  /** A person has looked: all periods that were missed are billed, or only the one that runs. */
  release(id: string, missed: 'bill' | 'skip', asking: Asking): Promise<SubscriptionDetailDto> {
    return this.after(id, asking, true, () => this.desk.release(id, missed, asking));
  }

  private after(
    id: string,
    { customerId }: Asking,
    allMissed: boolean,
    step: () => Promise<void>,
  ): Promise<SubscriptionDetailDto> {
    return this.answers.give<{ id: string }, SubscriptionDetailDto>({
      status: 200,
      write: async () => {
        await step();
        return { state: { id } };
      },
      read: async () => {
        await this.renewals.catchUp(id, allMissed);
        return this.reader.get(id, customerId);
      },
    });
  }
}
