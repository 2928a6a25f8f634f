import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { Money } from '../../platform/money/money.js';
import { seal } from '../../platform/sealed.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { postings } from '../ledger/posting.js';
import { hashOfCode, newCode } from './gift-card.code.js';
import { giftCardMail } from './gift-card.mails.js';
import { GiftCardRepository } from './gift-card.repository.js';

/** Who gets a card, and from when on; null: at once. */
export interface GiftCardRecipient {
  email: string;
  name: string | null;
  message: string | null;
  sendAt: Date | null;
}

/** Where a card comes from: the piece of a line that was paid, or the reason for which it was given. */
export type GiftCardSource =
  { orderId: string; paymentId: string | null; lineId: string; piece: number } | { reason: string };

/** Where a code lies sealed while it waits for its day. */
export const codePlace = (id: string): string => `billing.gift_cards.sealed_code:${id}`;

/** Makes cards. Nobody sees a code but who gets the letter. */
@Injectable()
export class GiftCardIssuer {
  constructor(
    private readonly database: Database,
    private readonly cards: GiftCardRepository,
    private readonly ledger: LedgerRepository,
    private readonly mail: Mail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * In the caller's transaction: a card of this amount, owed from now on, and its letter. Null when the piece of the line has its
   * card already.
   */
  async issue(
    amount: Money,
    to: GiftCardRecipient,
    source: GiftCardSource,
    actor: string,
  ): Promise<string | null> {
    if (!this.database.inTransaction) throw new Error('a card is issued in the transaction of its reason');
    const [id, entryId, code, now] = [newId(), newId(), newCode(), this.clock.now()];
    const waits = to.sendAt !== null && to.sendAt > now;
    const isSold = 'orderId' in source;
    const made = await this.cards.insert(
      {
        id,
        codeHash: hashOfCode(code),
        last4: code.slice(-4),
        currency: amount.currency,
        initial: amount.amount.toString(),
        orderId: isSold ? source.orderId : null,
        orderLineId: isSold ? source.lineId : null,
        piece: isSold ? source.piece : null,
        reason: isSold ? null : source.reason,
        recipientEmail: to.email,
        recipientName: to.name,
        message: to.message,
        sendAt: to.sendAt,
        sealedCode: waits ? seal(this.config.key('gift-card-codes'), code, codePlace(id)) : null,
        createdAt: now,
      },
      entryId,
      actor,
    );
    if (!made) return null;
    const of = isSold
      ? { paymentId: source.paymentId, orderId: source.orderId }
      : { paymentId: null, orderId: null };
    await this.ledger.post(of, [postings.giftCardIssued(entryId, isSold, amount)], now);
    if (!waits) await this.send(id, code, amount, to);
    return id;
  }

  /** In the caller's transaction: asks for the letter; the only place that a code goes to. */
  async send(
    id: string,
    code: string,
    amount: Money,
    to: Pick<GiftCardRecipient, 'email' | 'name' | 'message'>,
  ): Promise<void> {
    await this.mail.request({
      template: giftCardMail.name,
      subjectId: id,
      to: to.email,
      data: { code, amount: amount.toString(), name: to.name, message: to.message },
    });
  }
}
