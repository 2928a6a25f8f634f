import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config.js';
import type { Problem } from '../platform/http/problem.js';
import type { Money } from '../platform/money/money.js';
import { GatewayCalls } from './gateway/gateway-calls.service.js';
import { type GiftCardRecipient, GiftCardIssuer } from './gift-card/gift-card-issuer.service.js';
import { type GiftCardBalance, GiftCards } from './gift-card/gift-cards.service.js';
import type { GatewayOutcome } from './gateway/payment-gateway.port.js';
import { ConfirmationService } from './payment/confirmation.service.js';
import { PaymentRepository } from './payment/payment.repository.js';
import { PaymentService } from './payment/payment.service.js';
import { type OpenPayment, PaymentOpening } from './payment/payment-opening.service.js';
import { PaymentEnd } from './payment/payment-end.service.js';
import { type OrderBalance, orderBalance, type PaymentView, viewOf } from './payment/payment.view.js';
import { type OrderRefund, OrderRefunds, type RefundShare } from './refund/order-refunds.service.js';
import type { OrderState } from './invoice/order-state.js';
import { Documents, type DocumentWish } from './document/documents.service.js';
import type { Drawn } from './document/drawing.js';
import { type BuyerInvoice, MyInvoices } from './invoice/my-invoices.service.js';
import { OrderDocuments } from './invoice/order-documents.service.js';
import { type GoodsSubscription, GoodsSubscriptions } from './subscription/goods-subscriptions.service.js';
import { GiftCardCodes } from './tender/gift-card-codes.service.js';
import { type Opened, type PayOrder, Tenders } from './tender/tenders.service.js';
import { type ReceivedMoney, Receipts } from './receipt/receipts.service.js';

export { type DocumentFormat, DOCUMENT_FORMATS, type Drawn } from './document/drawing.js';
export type { DocumentWish } from './document/documents.service.js';
export { documentProblems } from './document/document.errors.js';
export type { BuyerInvoice } from './invoice/my-invoices.service.js';
export type { OrderState } from './invoice/order-state.js';
export type { InvoiceBuyer, InvoiceLine, InvoiceTax } from './invoice/invoice-content.js';
export { receiptProblems } from './receipt/receipt.errors.js';
export { receivedAtOf } from './receipt/received-at.js';
export { tenderProblems } from './tender/tender.errors.js';
export type { PayOrder, StoreCreditWanted } from './tender/tenders.service.js';
export { giftCardProblems } from './gift-card/gift-card.errors.js';
export type { GiftCardRecipient } from './gift-card/gift-card-issuer.service.js';
export type { GiftCardBalance } from './gift-card/gift-cards.service.js';
export type { GoodsSubscription } from './subscription/goods-subscriptions.service.js';
export { TOKENS_HELP } from './gateway/test-gateway.tokens.js';
export type { GatewayOutcome } from './gateway/payment-gateway.port.js';
export type { OrderRefund, RefundShare } from './refund/order-refunds.service.js';
export { type Requester, requesterOf } from './refund/requester.js';
export type { OpenPayment } from './payment/payment-opening.service.js';
export {
  PAYMENT_KINDS,
  PAYMENT_PURPOSES,
  RECEIVED_KINDS,
  type ReceivedKind,
} from './payment/payment.entity.js';
export type { OrderBalance, PaymentView } from './payment/payment.view.js';

/** What other modules may ask of billing. */
@Injectable()
export class BillingApi {
  constructor(
    private readonly payments: PaymentService,
    private readonly opening: PaymentOpening,
    private readonly receipts: Receipts,
    private readonly config: Config,
    private readonly tenders: Tenders,
    private readonly codes: GiftCardCodes,
    private readonly ends: PaymentEnd,
    private readonly rows: PaymentRepository,
    private readonly orderRefunds: OrderRefunds,
    private readonly calls: GatewayCalls,
    private readonly giftCards: GiftCards,
    private readonly giftCardIssuer: GiftCardIssuer,
    private readonly confirmations: ConfirmationService,
    private readonly documents: OrderDocuments,
    private readonly invoices: MyInvoices,
    private readonly papers: Documents,
    private readonly goods: GoodsSubscriptions,
  ) {}

  /**
   * In the caller's transaction: opens the payment of an order at a gateway, or adds an attempt to the one that is open; with
   * `purpose: 'extra'` that of a further amount, after the order was paid. Refuses
   * (409 `billing.payment_in_progress`) while the outcome of an earlier attempt is not known. The operation is then
   * sent by `authorize`, after the commit.
   */
  openPayment(input: OpenPayment): Promise<{ paymentId: string; operationId: string; attempt: number }> {
    return this.opening.open(input);
  }

  /**
   * In the caller's transaction: pays an order from gift cards and store credit, which are taken at once and never twice, and opens
   * the payment of the rest at a gateway (see `openPayment`). When the order had payments, what was taken for it stays and only
   * the rest is asked for; a further amount (`purpose: 'extra'`) is what is due of the order now. 422 `billing.tender_refused` names the card or credit that cannot pay, 422
   * `billing.payment_method_required` that something is left. What was taken goes back by `cancelFor`.
   */
  payOrder(input: PayOrder): Promise<Opened> {
    return this.tenders.pay(input);
  }

  /**
   * Before the caller's transaction: refuses codes that nobody has (422 with their `pointer`), and whoever sends too many of them
   * (429).
   */
  checkGiftCards(given: readonly { code: string; pointer: string }[], ip: string): Promise<void> {
    return this.codes.check(given, ip);
  }

  /**
   * In the caller's transaction, under the locks of the payments of the order: writes down money that came for it without a
   * gateway. It is captured at once. 409 `billing.receipt_known` for a reference that was taken before.
   */
  receive(money: ReceivedMoney): Promise<{ paymentId: string }> {
    return this.receipts.receive(money);
  }

  /**
   * Why money of an order cannot be written down when another payment of it came first in this very moment: it is the same money
   * (`billing.receipt_known`), or it can be tried again (`billing.receipt_in_progress`).
   */
  otherReceipt(money: Pick<ReceivedMoney, 'method' | 'reference'>): Promise<Problem> {
    return this.receipts.whyNotNow(money);
  }

  /** Where buyers may transfer money to, and for how many days it is waited for; null: they may not. */
  get transferAccount(): { holder: string; iban: string; bic: string | null; days: number } | null {
    const { bankTransfer, bankTransferDays: days } = this.config;
    return bankTransfer && { ...bankTransfer, days };
  }

  /** Asks the gateway for the money. Network only, refused in a transaction; repeating it moves nothing twice. */
  authorize(operationId: string): Promise<GatewayOutcome> {
    return this.calls.send(operationId);
  }

  /** In the caller's transaction: takes in an outcome, with books and facts. Repeating it answers the present state. */
  settle(operationId: string, outcome: GatewayOutcome): Promise<PaymentView> {
    return this.payments.settle(operationId, outcome);
  }

  /**
   * Looks at the gateway what a payment has become, when the payer comes back from the bank; network, never in a transaction. 503
   * `billing.gateway_unreachable`.
   */
  async confirm(paymentId: string): Promise<void> {
    const payment = await this.rows.find(paymentId);
    if (payment) await this.confirmations.confirm(payment);
  }

  async payment(paymentId: string): Promise<PaymentView | null> {
    const payment = await this.rows.find(paymentId);
    return payment ? viewOf(payment) : null;
  }

  /** Every payment of these orders, canceled ones too, oldest first. */
  async paymentsOf(orderIds: string[]): Promise<PaymentView[]> {
    if (orderIds.length === 0) return [];
    return (await this.rows.ofOrders(orderIds)).map(viewOf);
  }

  /**
   * In the caller's transaction: every payment of an order, oldest first, locked until its end. Whoever is going to
   * lock the order too, and may end its payment under that lock, calls this first.
   */
  async lockPaymentsOf(orderId: string): Promise<PaymentView[]> {
    return (await this.rows.lockAllOfOrder(orderId)).map(viewOf);
  }

  /** In the caller's transaction: payments of these orders that are nobody's become this customer's. Locks them. */
  async giveTo(customerId: string, orderIds: readonly string[]): Promise<void> {
    await this.rows.giveTo(customerId, orderIds);
    await this.documents.giveTo(customerId, orderIds);
  }

  /**
   * In the caller's transaction: ends every payment of an order. What was captured goes back to where it came from, what was
   * held is released, and what a bank disputes waits for its decision: ask again then; `canceled: false` and nothing done while an outcome is unknown or under way: ask again when it is settled.
   */
  cancelFor(orderId: string, reason: string): Promise<{ canceled: boolean }> {
    return this.ends.cancelFor(orderId, reason);
  }

  /**
   * In the caller's transaction: nobody waits any more for the further amount that an order was to pay. `canceled: false` and
   * nothing done while the outcome of an attempt is not known, or something is being captured; a hold is released, and what comes later
   * goes back by itself.
   */
  giveUpExtra(orderId: string): Promise<{ canceled: boolean }> {
    return this.ends.giveUpExtra(orderId);
  }

  /**
   * In the caller's transaction: these payments of an order are not needed any more, because it was paid otherwise. An open page of
   * a bank is withdrawn, so that what is paid there all the same goes back by itself, and a hold is released. One whose outcome is
   * not known, or of which something is being captured, stays as it is.
   */
  giveUp(orderId: string, paymentIds: readonly string[]): Promise<void> {
    return this.ends.giveUpAll(orderId, paymentIds);
  }

  /**
   * In the caller's transaction: gives back so much of what an order paid, in minor units of its currency. It is shared out over
   * what was captured and not refunded: cards first, the newest of them first, then store credit and gift cards, which go back to
   * themselves at once; with `to: 'store_credit'` all of it becomes credit of the customer. What came by hand a member of staff who
   * asks for it has paid out; asked for by the house it fails, and waits for a person. Cards are sent after the commit and
   * settle by themselves. However many ask at once, together they never get more than there is: 409
   * `billing.refund_exceeds_captured`. Answers the shares.
   */
  refundOrder(orderId: string, amount: Money, how: OrderRefund): Promise<RefundShare[]> {
    return this.orderRefunds.refund({ orderId }, amount, how);
  }

  /**
   * Payments of these orders that only a person can still give back: the house tried, and had nowhere to pay them to. They stand among
   * the money in limbo.
   */
  async strandedOf(orderIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.orderRefunds.strandedOf(orderIds);
  }

  /**
   * What is still to be paid of an order that comes to `total`, and what was paid too much: the extra payment, or the refund, that
   * brings it to zero. Under `lockPaymentsOf` it stays so until the end of the transaction.
   */
  async amountDue(orderId: string, total: Money): Promise<OrderBalance> {
    return orderBalance(await this.paymentsOf([orderId]), total);
  }

  /**
   * In the caller's transaction, under the lock of the payments of the order: the cards of a line that is paid, one a piece. A
   * piece that has its card already gets no other.
   */
  async issueGiftCards(line: {
    orderId: string;
    paymentId: string | null;
    lineId: string;
    quantity: number;
    amount: Money;
    recipient: GiftCardRecipient;
  }): Promise<void> {
    const { orderId, paymentId, lineId, quantity, amount, recipient } = line;
    for (let piece = 1; piece <= quantity; piece++)
      await this.giftCardIssuer.issue(amount, recipient, { orderId, paymentId, lineId, piece }, 'system');
  }

  /**
   * In the caller's transaction: the documents of an order say what the order says. What it comes to more than they do is
   * invoiced, what it comes to less is credited, and money that came for it is taken to its invoices. Saying the same again, or
   * an older version after a newer one, does nothing.
   */
  documentOrder(state: OrderState): Promise<void> {
    return this.documents.bringUpTo(state);
  }

  /**
   * Of what the second state of an order comes to less than the first: so much its credit notes by hand have credited already,
   * line by line. Whoever takes it off the order gives the rest back.
   */
  creditedByHand(before: OrderState, after: OrderState): Promise<Money> {
    return this.documents.creditedByHand(before, after);
  }

  /** How many gift cards each line of these orders has bought, canceled ones too. */
  giftCardsOf(orderIds: readonly string[]): Promise<{ lineId: string; cards: number }[]> {
    return this.giftCards.boughtBy(orderIds);
  }

  /** The invoices of an order with their credit notes, the oldest first; drafts are not among them. */
  invoicesOf(orderId: string): Promise<BuyerInvoice[]> {
    return this.invoices.ofOrder(orderId);
  }

  /** An invoice or a credit note of an order as a file; 404 for one of another order, and for drafts. */
  documentOf(orderId: string, wish: DocumentWish): Promise<Drawn> {
    return this.papers.ofOrder(orderId, wish);
  }

  /** The gift card of a code, however it is typed; null when there is none. */
  giftCard(code: string): Promise<GiftCardBalance | null> {
    return this.giftCards.byCode(code);
  }

  /** A subscription whose periods become orders; null when there is none, or it is to no goods. */
  goodsSubscription(id: string): Promise<GoodsSubscription | null> {
    return this.goods.find(id);
  }

  /** Whether there is such a plan, and it is one of goods. */
  isGoodsPlan(planId: string): Promise<boolean> {
    return this.goods.isPlan(planId);
  }
}
