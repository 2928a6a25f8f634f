import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { Money } from '../../platform/money/money.js';
import { unsealByRing } from '../../platform/sealed.js';
import { codePlace, GiftCardIssuer } from './gift-card-issuer.service.js';
import { GiftCardRepository } from './gift-card.repository.js';

const AT_ONCE = 50;

@Subscriber()
export class GiftCardJobs {
  constructor(
    private readonly database: Database,
    private readonly cards: GiftCardRepository,
    private readonly issuer: GiftCardIssuer,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Letters of cards whose day has come. */
  @Every('60s', 'billing.send_gift_cards')
  async send(): Promise<void> {
    while ((await this.sendSome()) === AT_ONCE);
  }

  private sendSome(): Promise<number> {
    return this.database.transaction(async () => {
      const due = await this.cards.due(this.clock.now(), AT_ONCE);
      for (const { id, sealedCode, initial, currency, recipientEmail, recipientName, message } of due) {
        const { text } = unsealByRing(this.config.keyRing('gift-card-codes'), sealedCode, codePlace(id));
        await this.cards.forgetCode(id);
        // Whoever was erased meanwhile gets no letter.
        if (recipientEmail === null) continue;
        const to = { email: recipientEmail, name: recipientName, message };
        await this.issuer.send(id, text, Money.of(BigInt(initial), currency), to);
      }
      return due.length;
    });
  }
}
