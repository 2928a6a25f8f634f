import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { Money } from '../../platform/money/money.js';
import { unsealByRing } from '../../platform/sealed.js';
import { codePlace, GiftCardIssuer } from './gift-card-issuer.service.js';
import { GiftCardRepository } from './gift-card.repository.js';

/** Codes that do not open, after which a run gives up. */
const MOST_SHUT = 100;

@Subscriber()
export class GiftCardJobs {
  constructor(
    private readonly database: Database,
    private readonly cards: GiftCardRepository,
    private readonly issuer: GiftCardIssuer,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Letters of cards whose day has come, one by one: a code that does not open keeps no other letter back. */
  @Every('60s', 'billing.send_gift_cards')
  async send(): Promise<void> {
    const shut: string[] = [];
    while (shut.length < MOST_SHUT && (await this.sendNext(shut)));
    if (shut.length > 0)
      throw new Error(`neither SECRET_KEY nor SECRET_KEY_PREVIOUS opens the codes of ${shut.join(', ')}`);
  }

  /** False when none is due. */
  private sendNext(shut: string[]): Promise<boolean> {
    return this.database.transaction(async () => {
      const card = await this.cards.due(this.clock.now(), shut);
      if (card === null) return false;
      const { id, initial, currency, recipientEmail, recipientName, message } = card;
      const code = this.open(id, card.sealedCode);
      if (code === null) {
        shut.push(id);
        return true;
      }
      await this.cards.forgetCode(id);
      // Whoever was erased meanwhile gets no letter.
      if (recipientEmail === null) return true;
      const to = { email: recipientEmail, name: recipientName, message };
      await this.issuer.send(id, code, Money.of(BigInt(initial), currency), to);
      return true;
    });
  }

  private open(id: string, sealed: Buffer): string | null {
    try {
      return unsealByRing(this.config.keyRing('gift-card-codes'), sealed, codePlace(id)).text;
    } catch {
      return null;
    }
  }
}
