import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { postings } from '../ledger/posting.js';
import { hashOfCode } from './gift-card.code.js';
import { giftCardProblems } from './gift-card.errors.js';
import { type GiftCard, GiftCardRepository } from './gift-card.repository.js';

/** What a card holds, for whoever has its code. */
export interface GiftCardBalance {
  id: string;
  last4: string;
  state: 'active' | 'spent' | 'canceled';
  balance: Money;
}

/** Balances: what is spent, given back and taken back, each with its line in the books. */
@Injectable()
export class GiftCards {
  constructor(
    private readonly database: Database,
    private readonly cards: GiftCardRepository,
    private readonly ledger: LedgerRepository,
    private readonly clock: Clock,
  ) {}

  /** How many cards each line of these orders has bought. */
  boughtBy(orderIds: readonly string[]): Promise<{ lineId: string; cards: number }[]> {
    return this.cards.boughtBy(orderIds);
  }

  /** The card of a code, however it is typed; null when there is none. */
  async byCode(code: string): Promise<GiftCardBalance | null> {
    const card = await this.cards.byHash(hashOfCode(code));
    return card && { id: card.id, last4: card.last4, state: card.state, balance: balanceOf(card) };
  }

  /** The cards of these codes, locked in the order of their ids until the end of the caller's transaction. */
  async lock(codes: readonly string[]): Promise<(GiftCardBalance & { codeHash: Buffer })[]> {
    this.needTransaction();
    const cards = await this.cards.lockByHash(codes.map(hashOfCode));
    return cards.map((card) => ({
      id: card.id,
      last4: card.last4,
      state: card.state,
      balance: balanceOf(card),
      codeHash: card.codeHash,
    }));
  }

  /** In the caller's transaction: locks cards, in the order of their ids. */
  async lockAll(ids: readonly string[]): Promise<void> {
    this.needTransaction();
    if (ids.length > 0) await this.cards.lockAll(ids);
  }

  /** Whether it is the card of a code, however that is typed. */
  isOf({ codeHash }: { codeHash: Buffer }, code: string): boolean {
    return codeHash.equals(hashOfCode(code));
  }

  /**
   * In the caller's transaction: pays from a card, once for a payment. False when there is not so much on it, or the payment took
   * from it already; then nothing is changed.
   */
  async redeem(id: string, amount: Money, of: { orderId: string; paymentId: string }): Promise<boolean> {
    this.needTransaction();
    const { orderId, paymentId } = of;
    const entry = this.entry('system', orderId, paymentId);
    if (!(await this.cards.redeem(id, amount.amount, entry))) return false;
    await this.ledger.post(of, [postings.giftCardRedeemed(entry.id, amount)], entry.at);
    return true;
  }

  /**
   * In the caller's transaction: a refund puts back what was taken, once. False when the card was canceled meanwhile: the money
   * has to go elsewhere.
   */
  async giveBack(
    id: string,
    amount: Money,
    { orderId, paymentId, refundId }: { orderId: string | null; paymentId: string; refundId: string },
  ): Promise<boolean> {
    this.needTransaction();
    const entry = this.entry('system', orderId, refundId);
    // Of two that come at once the second sees what the first has written.
    await this.cards.lock(id);
    if (!(await this.cards.giveBack(id, amount.amount, entry))) return false;
    const posting = postings.giftCardGivenBack(entry.id, amount);
    await this.ledger.post({ paymentId, orderId }, [posting], entry.at);
    return true;
  }

  /** What the money of an order has to stay for: its cards, spent or not. */
  keptOf(orderId: string): Promise<bigint> {
    return this.cards.keptOf(orderId);
  }

  /**
   * In the caller's transaction, under the lock of its payment: takes back every card that an order bought. 409 when one of them
   * was used: what it paid for is gone.
   */
  async cancelOf(orderId: string, paymentId: string): Promise<void> {
    const cards = await this.cards.lockOfOrder(orderId);
    if (cards.some(isUsed)) throw giftCardProblems.gift_card_used();
    for (const card of cards) if (card.state === 'active') await this.end(card, paymentId, 'system');
  }

  /** In the caller's transaction: takes back what is left on a card; 409 when nothing is. Answers how much that was. */
  async cancel(card: GiftCard, actor: string): Promise<Money> {
    if (card.state !== 'active') throw giftCardProblems.gift_card_ended(`The card is ${card.state}.`);
    await this.end(card, null, actor);
    return balanceOf(card);
  }

  private async end(card: GiftCard, paymentId: string | null, actor: string): Promise<void> {
    const entry = this.entry(actor);
    await this.cards.cancel(card.id, entry);
    const posting = postings.giftCardCanceled(entry.id, card.orderId !== null, balanceOf(card));
    await this.ledger.post({ paymentId, orderId: card.orderId }, [posting], entry.at);
  }

  private entry(actor: string, reference: string | null = null, sourceId: string | null = null) {
    return { id: newId(), reference, sourceId, actor, at: this.clock.now() };
  }

  private needTransaction(): void {
    if (!this.database.inTransaction) throw new Error('a balance moves in the transaction of what it pays');
  }
}

export const balanceOf = ({ balance, currency }: GiftCard): Money => Money.of(BigInt(balance), currency);

const isUsed = ({ initial, balance, voided }: GiftCard): boolean =>
  BigInt(initial) !== BigInt(balance) + BigInt(voided);
