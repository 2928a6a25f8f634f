import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { postings } from '../ledger/posting.js';
import {
  type Lot,
  type NewLot,
  type StoreCredit,
  type StoreCreditKind,
  StoreCreditRepository,
} from './store-credit.repository.js';
import { comesBack } from './taken-credit.js';

/** Credit that ends and comes back from an order can be spent for so long again at the least. */
const GRACE_MS = 30 * 86_400_000;
const AT_ONCE = 100;

export interface Deed {
  actor: string;
  orderId?: string | null;
  paymentId?: string;
  sourceId?: string;
  reason?: string;
}

/** Balances of customers: given, spent, given back and expired, each with its line in the books. */
@Injectable()
export class StoreCredits {
  constructor(
    private readonly database: Database,
    private readonly credits: StoreCreditRepository,
    private readonly ledger: LedgerRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: the credit of a customer in a currency, locked until its end, without what has expired by now.
   * Null when there never was any.
   */
  async lock(customerId: string, currency: string): Promise<{ id: string; balance: Money } | null> {
    this.needTransaction();
    const credit = await this.credits.lockOf(customerId, currency);
    if (credit === null) return null;
    const expired = await this.expireLots(credit);
    return { id: credit.id, balance: balanceOf(credit).minus(expired) };
  }

  /** In the caller's transaction: locks credits, in the order of their ids. */
  async lockAll(ids: readonly string[]): Promise<void> {
    this.needTransaction();
    if (ids.length > 0) await this.credits.lockAll(ids);
  }

  /** In the caller's transaction, under `lock`: pays from credit, once for a payment; false when there is not so much. */
  async spend(id: string, amount: Money, of: { orderId: string; paymentId: string }): Promise<boolean> {
    this.needTransaction();
    const entry = this.entry('spent', { actor: 'system', orderId: of.orderId, sourceId: of.paymentId });
    if (!(await this.credits.take(id, amount.amount, entry))) return false;
    await this.ledger.post(of, [postings.storeCreditSpent(entry.id, amount)], entry.at);
    return true;
  }

  /** In the caller's transaction: credit that staff give for a reason. Answers the id of the credit. */
  async issue(customerId: string, amount: Money, expiresAt: Date | null, deed: Deed): Promise<string> {
    const entry = this.entry('issued', deed);
    return this.give(
      customerId,
      amount,
      expiresAt ? [{ amount: amount.amount, expiresAt }] : [],
      entry,
      postings.storeCreditIssued(entry.id, amount),
      deed,
    );
  }

  /** In the caller's transaction, under the lock: staff put a balance right; false when it would fall below zero. */
  async adjust(credit: StoreCredit, amount: Money, deed: Deed): Promise<boolean> {
    this.needTransaction();
    const entry = this.entry('adjusted', deed);
    const posting = postings.storeCreditAdjusted(entry.id, amount);
    if (amount.isNegative()) {
      await this.expireLots(credit);
      if (!(await this.credits.take(credit.id, -amount.amount, entry))) return false;
      await this.ledger.post({ paymentId: null, orderId: null }, [posting], entry.at);
      return true;
    }
    if (credit.customerId === null) return false;
    await this.give(credit.customerId, amount, [], entry, posting, deed);
    return true;
  }

  /**
   * In the caller's transaction: a refund of a payment becomes credit. What the payment had taken of credit that ends comes back
   * with the same end, and never with less than thirty days to go; `wasCredit` says whether it was credit.
   */
  async refund(
    customerId: string,
    amount: Money,
    { wasCredit, ...deed }: Deed & { wasCredit: boolean; paymentId: string },
  ): Promise<void> {
    const entry = this.entry(wasCredit ? 'given_back' : 'refunded', deed);
    const lots = wasCredit ? await this.comesBack(deed.paymentId, amount, entry.at) : [];
    const posting = postings.storeCreditRefunded(entry.id, amount);
    await this.give(customerId, amount, lots, entry, posting, deed);
  }

  /** What of a credit ends one day and has not, and how much has ended that nobody has written down yet. */
  async livingLots(id: string): Promise<{ living: Lot[]; expired: (currency: string) => Money }> {
    const now = this.clock.now();
    const lots = await this.credits.lots(id, null);
    const over = lots.filter(({ expiresAt }) => expiresAt <= now);
    return {
      living: lots.filter(({ expiresAt }) => expiresAt > now),
      expired: (currency) =>
        Money.sum(
          over.map(({ remaining }) => Money.of(BigInt(remaining), currency)),
          currency,
        ),
    };
  }

  /** In the caller's transaction: the customer is no longer there, and what was left is owed to nobody. */
  async forfeit(customerId: string): Promise<void> {
    this.needTransaction();
    for (const { id } of await this.credits.ofCustomer(customerId)) {
      const credit = await this.credits.lock(id);
      if (credit === null) continue;
      const left = balanceOf(credit).minus(await this.expireLots(credit));
      if (left.isZero()) continue;
      const entry = this.entry('expired', { actor: 'system', reason: 'account_erased' });
      await this.credits.take(id, left.amount, entry);
      await this.post(entry.id, left, entry.at);
    }
  }

  /** Writes down what has expired, credit by credit; answers how many it looked at. */
  async expireDue(): Promise<number> {
    const due = await this.credits.due(this.clock.now(), AT_ONCE);
    for (const id of due) {
      await this.database.transaction(async () => {
        const credit = await this.credits.lock(id);
        if (credit) await this.expireLots(credit);
      });
    }
    return due.length;
  }

  /** What of so much ends, and when, as it was taken; from now on it is given back. */
  private async comesBack(paymentId: string, amount: Money, now: Date): Promise<NewLot[]> {
    const parts = comesBack(await this.credits.taken(paymentId), amount.amount);
    await this.credits.giveBack(paymentId, parts);
    const soonest = now.getTime() + GRACE_MS;
    return parts.flatMap((part) =>
      part.expiresAt === null
        ? []
        : [{ amount: part.amount, expiresAt: new Date(Math.max(part.expiresAt.getTime(), soonest)) }],
    );
  }

  private async expireLots({ id, currency }: StoreCredit): Promise<Money> {
    let sum = Money.zero(currency);
    for (const lot of await this.credits.lots(id, this.clock.now())) {
      const entry = this.entry('expired', { actor: 'system' });
      const amount = Money.of(BigInt(lot.remaining), currency);
      await this.credits.expire(lot.id, entry);
      await this.post(entry.id, amount, entry.at);
      sum = sum.plus(amount);
    }
    return sum;
  }

  private post(entryId: string, amount: Money, at: Date): Promise<void> {
    const posting = postings.storeCreditExpired(entryId, amount);
    return this.ledger.post({ paymentId: null, orderId: null }, [posting], at);
  }

  private async give(
    customerId: string,
    amount: Money,
    lots: readonly NewLot[],
    entry: ReturnType<StoreCredits['entry']>,
    posting: ReturnType<typeof postings.storeCreditIssued>,
    { paymentId = null, orderId = null }: { paymentId?: string | null; orderId?: string | null },
  ): Promise<string> {
    this.needTransaction();
    const of = { accountId: newId(), customerId, currency: amount.currency };
    const id = await this.credits.give(of, amount.amount, lots, entry);
    await this.ledger.post({ paymentId, orderId }, [posting], entry.at);
    return id;
  }

  private entry(kind: StoreCreditKind, { actor, orderId, sourceId, reason }: Deed) {
    return {
      id: newId(),
      kind,
      orderId: orderId ?? null,
      sourceId: sourceId ?? null,
      reason: reason ?? null,
      actor,
      at: this.clock.now(),
    };
  }

  private needTransaction(): void {
    if (!this.database.inTransaction) throw new Error('a balance moves in the transaction of what it pays');
  }
}

export const balanceOf = ({ balance, currency }: Pick<StoreCredit, 'balance' | 'currency'>): Money =>
  Money.of(BigInt(balance), currency);
