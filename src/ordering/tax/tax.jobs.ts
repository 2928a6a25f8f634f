import { Clock } from '../../platform/clock.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { TaxAnswersRepository } from './tax-answers.repository.js';

/** Orders have frozen what they were told; carts ask again after a day. */
const KEPT_DAYS = 30;

/** What was said about tax is not kept longer than anybody asks for it. */
@Subscriber()
export class TaxJobs {
  constructor(
    private readonly answers: TaxAnswersRepository,
    private readonly clock: Clock,
  ) {}

  @Every('1h', 'ordering.forget_tax_answers')
  async forget(): Promise<void> {
    await this.answers.forget(new Date(this.clock.now().getTime() - KEPT_DAYS * 86_400_000));
  }
}
