import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import type { Problem } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import { PaymentCaptured } from '../billing.events.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { postings } from '../ledger/posting.js';
import type { Payment, ReceivedKind } from '../payment/payment.entity.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import { PaymentRepository, type TakenRow } from '../payment/payment.repository.js';
import { receiptProblems } from './receipt.errors.js';
import { ReceiptRepository } from './receipt.repository.js';

/** Money of an order that staff have found in the bank or in the till. */
export interface ReceivedMoney {
  readonly orderId: string;
  readonly customerId: string | null;
  readonly accessHash: Buffer | null;
  /** The buyer as frozen on the order. */
  readonly buyer: { readonly email: string; readonly name: string; readonly billingAddress: object | null };
  /** In the currency of the order. */
  readonly amount: Money;
  readonly method: ReceivedKind;
  readonly reference: string;
  readonly receivedAt: Date;
  /** Null: not a person. */
  readonly recordedBy: string | null;
}

type Whose = Pick<TakenRow, 'orderId' | 'invoiceId' | 'purpose' | 'accessHash' | 'buyer'>;

/** Money of an invoice that no order is behind. */
export type InvoiceReceipt = Omit<ReceivedMoney, 'orderId' | 'accessHash' | 'buyer'>;

/** Writes down money that came without a gateway: it is captured at once. */
@Injectable()
export class Receipts {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly receipts: ReceiptRepository,
    private readonly ends: PaymentEnd,
    private readonly ledger: LedgerRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Whether money with this reference was written down before. */
  knows({ method, reference }: Pick<ReceivedMoney, 'method' | 'reference'>): Promise<boolean> {
    return this.receipts.knows(method, reference);
  }

  /** See `BillingApi.otherReceipt`. */
  async whyNotNow({ method, reference }: Pick<ReceivedMoney, 'method' | 'reference'>): Promise<Problem> {
    return (await this.knows({ method, reference }))
      ? receiptProblems.receipt_known()
      : receiptProblems.receipt_in_progress(undefined, { retryAfter: 1 });
  }

  /** See `BillingApi.receive`. */
  async receive(money: ReceivedMoney): Promise<{ paymentId: string }> {
    const { orderId, accessHash, buyer } = money;
    const present = await this.payments.lockAllOfOrder(orderId);
    const taken = await this.take(money, { orderId, invoiceId: null, purpose: 'order', accessHash, buyer });
    await this.awaitLess(present, money.amount, this.clock.now());
    return taken;
  }

  /**
   * In the caller's transaction, under the locks of the invoice and its payments: it is captured, and still to be taken to the
   * invoice. 409 `billing.receipt_known` when another request writes it down elsewhere in this moment.
   */
  receiveFor(invoiceId: string, money: InvoiceReceipt): Promise<{ paymentId: string }> {
    const of = { orderId: null, invoiceId, purpose: 'invoice', accessHash: null, buyer: null } as const;
    return this.take(money, of);
  }

  private async take(
    money: InvoiceReceipt,
    { orderId, invoiceId, purpose, accessHash, buyer }: Whose,
  ): Promise<{ paymentId: string }> {
    const { customerId, amount, method } = money;
    const [paymentId, receiptId, now] = [newId(), newId(), this.clock.now()];
    await this.payments.addTaken({
      ...{ id: paymentId, orderId, invoiceId, customerId, accessHash, buyer, amount, now },
      ...{ gateway: method, purpose, instrumentId: receiptId, last4: null },
    });
    if (!(await this.receipts.add({ ...money, id: receiptId, paymentId }, now)))
      throw receiptProblems.receipt_known();
    await this.ledger.post(
      { paymentId, orderId },
      [postings.received(receiptId, method, amount)],
      money.receivedAt,
    );
    this.outbox.record(new PaymentCaptured({ paymentId, orderId, invoiceId, amount: amount.toJSON() }));
    return { paymentId };
  }

  /** What was awaited is there, or less of it is awaited. */
  private async awaitLess(present: readonly Payment[], amount: Money, now: Date): Promise<void> {
    const awaited = present.find((one) => one.isAwaitedTransfer);
    if (awaited === undefined) return;
    if (amount.compare(awaited.amount) >= 0) await this.ends.giveUp(awaited);
    else await this.receipts.awaitLess(awaited.id, awaited.amount.minus(amount), now);
  }
}
