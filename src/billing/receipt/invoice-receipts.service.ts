import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { InvoiceMoney } from '../invoice/invoice-money.service.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import type { Invoice } from '../invoice/invoice.repository.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { PaymentEnd } from '../payment/payment-end.service.js';
import type { ReceivedInvoicePaymentDto, ReceiveInvoicePaymentDto } from './receipt.dto.js';
import { receiptProblems } from './receipt.errors.js';
import { receivedAtOf } from './received-at.js';
import { Receipts } from './receipts.service.js';

/** Money that staff have found in the bank or in the till, and the invoice without an order that it pays. */
@Injectable()
export class InvoiceReceipts {
  constructor(
    private readonly database: Database,
    private readonly money: InvoiceMoney,
    private readonly receipts: Receipts,
    private readonly ends: PaymentEnd,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * The money is a payment of the invoice, and taken to it at once; who waits for the invoice hears of it as of a payment by card.
   * The lock of the invoice makes one of two requests wait, which finds what the other has written down.
   */
  receive(id: string, input: ReceiveInvoicePaymentDto, actor: Actor): Promise<ReceivedInvoicePaymentDto> {
    return this.database.transaction(async () => {
      const invoice = await this.money.lock(id);
      const { orderId, customerId, state } = invoice;
      if (orderId !== null) throw receiptProblems.invoice_of_order(undefined, { extra: { orderId } });
      // Said before what the first of them has done to the invoice.
      if (await this.receipts.knows(input)) throw receiptProblems.receipt_known();
      // Nobody owes what a bank has taken back; whoever pays it after all makes the loss good.
      const lost = await this.money.missing({ invoiceId: id }, invoice.total.currency);
      if (state !== 'open' && state !== 'uncollectible' && (state !== 'paid' || lost.isZero()))
        throw invoiceProblems.invoice_not_open();
      const { amount, receivedAt } = this.checked(input, invoice);
      await this.ends.pause(id);
      const due = (await this.money.chargeable(id)).plus(lost);
      if (amount.compare(due) > 0)
        throw paymentProblems.charge_exceeds_due(`At most ${due.toString()} is due.`, {
          extra: { maximumChargeable: due.toJSON() },
        });
      const { paymentId } = await this.receipts.receiveFor(id, {
        ...{ customerId, amount, receivedAt, recordedBy: personId(actor) },
        ...{ method: input.method, reference: input.reference },
      });
      const left = await this.money.collect(invoice);
      await this.ends.askLess(id, left);
      this.audit.record({
        ...{ actor, action: 'billing.payment.received', subjectType: 'invoice', subjectId: id },
        details: { paymentId },
      });
      const { state: invoiceState } = await this.money.lock(id);
      return { paymentId, invoiceId: id, invoiceState, due: left.toJSON() };
    });
  }

  private checked(
    { amount: wanted, receivedAt: at }: ReceiveInvoicePaymentDto,
    { createdAt, total: { currency } }: Invoice,
  ) {
    const receivedAt = receivedAtOf(at, createdAt, this.clock.now());
    const amount = Money.fromJSON(wanted);
    if (amount.currency !== currency || amount.isZero() || amount.isNegative())
      throw wrongAmount(`must be above zero in ${currency}`);
    return { amount, receivedAt };
  }
}

const wrongAmount = (message: string) =>
  platformProblems.invalid_input(undefined, { errors: [{ pointer: '/amount', code: 'invalid', message }] });
