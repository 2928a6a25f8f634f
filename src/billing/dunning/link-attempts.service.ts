import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { GatewayOutcome } from '../gateway/payment-gateway.port.js';
import { dueOf, InvoiceRepository } from '../invoice/invoice.repository.js';
import { Invoices } from '../invoice/invoices.service.js';
import { PaymentOpening } from '../payment/payment-opening.service.js';
import { PaymentService } from '../payment/payment.service.js';
import type { PaymentView } from '../payment/payment.view.js';
import { noMethod } from '../payment-method/payment-method.errors.js';
import { ChargeableMethods } from './chargeable-methods.service.js';
import { CollectionRepository } from './collection.repository.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import type { PayInvoiceDto } from './invoice-link.dto.js';
import { OwnAttempts } from './own-attempts.service.js';

/**
 * Attempts that somebody makes by a link, there to answer the bank. The schedule knows nothing of them, where there is one at all: an
 * invoice may be sent to be paid.
 */
@Injectable()
export class LinkAttempts {
  constructor(
    private readonly rows: CollectionRepository,
    private readonly invoices: InvoiceRepository,
    private readonly settling: Invoices,
    private readonly own: OwnAttempts,
    private readonly methods: ChargeableMethods,
    private readonly opening: PaymentOpening,
    private readonly payments: PaymentService,
  ) {}

  /**
   * In the caller's transaction: opens the payment of what is due; answers the operation to be sent. A card that is kept is charged no
   * more often than its network allows; of one that is typed in nobody knows which it is before the gateway says so.
   */
  async begin(invoiceId: string, input: PayInvoiceDto, actor: Actor): Promise<string> {
    const collecting = await this.rows.lock(invoiceId);
    // Nobody has agreed that what is sent to be paid is taken from a method that is kept.
    const chargeable = input.payment || collecting === null ? null : await this.methods.toBegin(collecting);
    const invoice = await this.invoices.lock(invoiceId);
    if (invoice === null) throw platformProblems.not_found();
    if (invoice.state !== 'open') throw invoiceLinkProblems.invoice_not_due();
    const { customerId } = invoice;
    const kept = chargeable?.method ?? null;
    if (!input.payment && kept === null) throw noMethod('/payment', false);
    if (chargeable !== null) this.own.require(chargeable);
    const amount = dueOf(invoice);
    const { operationId } = await this.opening.open({
      ...{ purpose: 'invoice', invoiceId, orderId: null, customerId, amount, mayChangeAmount: true },
      ...{ buyer: null, returnUrl: input.returnUrl ?? null },
      screening: { network: currentRequest()?.caller ?? null, invoiceId, guest: personId(actor) === null },
      gateway: input.payment?.gateway ?? kept?.gateway ?? '',
      token: input.payment?.token ?? null,
      methodId: kept?.id ?? null,
      pointer: '/payment',
      saveMethod: (input.payment?.save ?? false) && customerId !== null && personId(actor) === customerId,
    });
    if (collecting !== null) await this.own.count(collecting, { operationId, amount, kept });
    return operationId;
  }

  /** In the caller's transaction: takes in what the gateway says, and what was paid to the invoice. */
  async take(invoiceId: string, operationId: string, outcome: GatewayOutcome): Promise<PaymentView> {
    await this.invoices.lock(invoiceId);
    const payment = await this.payments.settle(operationId, outcome);
    if (payment.status === 'captured') await this.settling.applyPayments(invoiceId);
    return payment;
  }

  /** In the caller's transaction: a payment was confirmed, and its money is taken to the invoice. */
  async paid(invoiceId: string): Promise<void> {
    await this.settling.applyPayments(invoiceId);
  }
}
