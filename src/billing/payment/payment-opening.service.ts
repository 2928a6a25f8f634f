import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import { OperationScheduled } from '../billing.events.js';
import { type InvoiceScreeningInput, ScreeningFacts, type ScreeningInput } from '../fraud/screening-facts.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import { PaymentMethodRepository } from '../payment-method/payment-method.repository.js';
import { InvoiceMoney } from '../invoice/invoice-money.service.js';
import { Operation } from './operation.entity.js';
import type { PaymentPurpose } from './payment.entity.js';
import { paymentProblems, unknownGateway } from './payment.errors.js';
import { MAX_ATTEMPTS, PaymentRepository } from './payment.repository.js';

export interface OpenPayment {
  /** What it pays: an order, or with `purpose: 'invoice'` an invoice. */
  readonly orderId: string | null;
  readonly invoiceId?: string | null;
  readonly amount: Money;
  /** `extra`: a further amount, after the order was paid; each is a payment of its own, one open at a time. */
  readonly purpose?: PaymentPurpose;
  /** Whether the open payment of the order may become one of this amount; without it, the first amount is fixed. */
  readonly mayChangeAmount?: boolean;
  readonly gateway: string;
  /** What the gateway gave the shopper in place of a card; null with `methodId`. */
  readonly token: string | null;
  /** A kept method of the customer. */
  readonly methodId?: string | null;
  /** Where `gateway` and `methodId` stand in what was sent; without it they stand in no body. */
  readonly pointer?: string;
  /** Nobody is there to answer the bank. */
  readonly offSession?: boolean;
  /** Keeps what pays, for later charges of this customer. */
  readonly saveMethod?: boolean;
  /** The buyer as frozen on the order; kept for the invoice. */
  readonly buyer: {
    readonly email: string;
    readonly name: string;
    readonly billingAddress: object | null;
  } | null;
  readonly customerId?: string | null;
  /** SHA-256 of the cart's token: whoever holds the token may see and confirm the payment. */
  readonly accessHash?: Buffer | null;
  readonly returnUrl?: string | null;
  /** What else is known of the attempt, where somebody is there; null: nobody screens it. */
  readonly screening?: ScreeningInput | InvoiceScreeningInput | null;
}

/** Opens payments at the gateway, and attempts of those that are open. */
@Injectable()
export class PaymentOpening {
  constructor(
    private readonly database: Database,
    private readonly payments: PaymentRepository,
    private readonly invoices: InvoiceMoney,
    private readonly gateway: PaymentGateway,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly methods: PaymentMethodRepository,
    private readonly facts: ScreeningFacts,
  ) {}

  /**
   * In the caller's transaction: opens the payment of an order or of an invoice, or adds an attempt to the one that is open. An
   * invoice may be paid in parts, by one payment after the other, and never for more than is due of it: 409
   * `billing.payment_already_captured` when nothing is, 409 `billing.charge_exceeds_due` when less is.
   */
  async open(input: OpenPayment): Promise<{ paymentId: string; operationId: string; attempt: number }> {
    if (!this.database.inTransaction)
      throw new Error('payments are opened only in a transaction of their caller');
    const { pointer } = input;
    if (input.gateway !== this.gateway.code)
      throw unknownGateway(this.gateway.code, pointer === undefined ? null : `${pointer}/gateway`);
    this.gateway.assertRepresentable(input.amount);
    if (input.methodId) await this.mustHave(input.customerId ?? null, input.methodId, pointer);
    if (input.purpose === 'invoice') await this.requireDue(input);
    const now = this.clock.now();
    const [operationId, voidOperationId] = [newId(), newId()];
    const opened = await this.payments.open({
      paymentId: newId(),
      purpose: input.purpose ?? 'order',
      mayChangeAmount: input.mayChangeAmount ?? false,
      operationId,
      voidOperationId,
      orderId: input.orderId,
      invoiceId: input.invoiceId ?? null,
      capture: (input.purpose ?? 'order') === 'order' ? this.config.paymentCapture : 'automatic',
      methodId: input.methodId ?? null,
      offSession: input.offSession ?? false,
      saveMethod: (input.saveMethod ?? false) && (input.customerId ?? null) !== null,
      customerId: input.customerId ?? null,
      amount: input.amount,
      gateway: input.gateway,
      token: input.token,
      buyer: input.buyer,
      returnUrl: input.returnUrl ?? null,
      accessHash: input.accessHash ?? null,
      screening: this.factsOf(input),
      now,
      nextCheckAt: Operation.nextCheck('created', 'authorize', 0, now),
    });
    if (opened === null) throw await this.whyNotOpened(input);
    if (opened.superseded) this.outbox.record(new OperationScheduled({ operationId: voidOperationId }));
    return { paymentId: opened.paymentId, operationId, attempt: opened.attempt };
  }

  private async mustHave(customerId: string | null, methodId: string, pointer?: string): Promise<void> {
    const method = customerId === null ? null : await this.methods.find(customerId, methodId);
    if (method?.gateway !== this.gateway.code)
      throw noMethod(pointer === undefined ? null : `${pointer}/methodId`, true);
  }

  private factsOf({ screening, amount, buyer, customerId = null, token, offSession }: OpenPayment) {
    const attempt = { amount, customerId, token };
    if (offSession === true) return this.facts.charge(attempt);
    if (!screening) return null;
    return 'invoiceId' in screening
      ? this.facts.invoice(screening, attempt)
      : this.facts.order(screening, { ...attempt, email: buyer?.email ?? null });
  }

  /** Before anything is written. What another payment captures in this moment is waited for, and seen. */
  private async requireDue({ invoiceId, amount }: OpenPayment): Promise<void> {
    const id = invoiceId ?? '';
    await this.invoices.lock(id);
    await this.payments.lockAllOfInvoice(id);
    const due = await this.invoices.chargeable(id);
    if (due.isZero()) throw paymentProblems.payment_already_captured();
    if (amount.compare(due) > 0)
      throw paymentProblems.charge_exceeds_due(`At most ${due.toString()} is due.`, {
        extra: { maximumChargeable: due.toJSON() },
      });
  }

  private async whyNotOpened({
    orderId,
    invoiceId = null,
    amount,
    purpose = 'order',
    offSession,
  }: OpenPayment) {
    const payments = orderId
      ? await this.payments.lockAllOfOrder(orderId)
      : await this.payments.lockAllOfInvoice(invoiceId ?? '');
    const payment = payments.findLast(
      (each) =>
        each.kind === 'card' &&
        each.purpose === purpose &&
        each.status !== 'canceled' &&
        (purpose === 'order' || each.status !== 'captured'),
    );
    if (payment?.status === 'captured') return paymentProblems.payment_already_captured();
    if (payment && !payment.amount.equals(amount)) return paymentProblems.payment_amount_frozen();
    if (invoiceId === null && payment && payment.attempts >= MAX_ATTEMPTS)
      return paymentProblems.too_many_attempts();
    const now = this.clock.now();
    const mayBeTried = payment?.status === 'requires_payment_method' || payment?.status === 'requires_action';
    const again =
      invoiceId !== null && mayBeTried && !offSession
        ? await this.payments.triesAgainAt(invoiceId, now)
        : null;
    if (again !== null)
      return paymentProblems.invoice_tried_too_often(undefined, {
        retryAfter: Math.ceil((again.getTime() - now.getTime()) / 1_000),
      });
    return paymentProblems.payment_in_progress(undefined, {
      retryAfter: 2,
      extra: { ...(payment && { paymentId: payment.id }), ...(orderId && { orderId }) },
    });
  }
}
