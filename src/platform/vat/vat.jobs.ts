import { Clock } from '../clock.js';
import { Every, Subscriber } from '../events/subscribers.js';
import { VatAnswers } from './vat-answers.js';

/** Whoever went by an answer has frozen it; everybody else asks again after a day. */
const KEPT_DAYS = 30;

/** What was said about VAT ids is not kept longer than anybody asks for it. */
@Subscriber()
export class VatJobs {
  constructor(
    private readonly answers: VatAnswers,
    private readonly clock: Clock,
  ) {}

  @Every('1h', 'platform.forget_vat_checks')
  async forget(): Promise<void> {
    await this.answers.forget(new Date(this.clock.now().getTime() - KEPT_DAYS * 86_400_000));
  }
}
