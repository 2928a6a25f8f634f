import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { InvoiceParams } from '../invoice/invoice.dto.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { InvoiceReceipts } from './invoice-receipts.service.js';
import { ReceivedInvoicePaymentDto, ReceiveInvoicePaymentDto } from './receipt.dto.js';
import { receiptProblems } from './receipt.errors.js';

/** Money for invoices without an order, such as those of subscriptions, that came without a gateway. */
@ApiTags('Invoices')
@Controller('v1/admin/invoices')
export class ReceiptAdminController {
  constructor(private readonly receipts: InvoiceReceipts) {}

  @Post(':id/payments')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'receiveInvoicePayment',
    summary: 'Write down money that came for an invoice without an order',
    description:
      'By bank transfer, in cash or otherwise, without a gateway. It pays the invoice at once; of a subscription that had fallen ' +
      'behind, what was restricted follows within a moment, and nobody is asked for the money any more when all of it is there. ' +
      'Too little leaves the rest in `due`. More than is due is refused, 409 `billing.charge_exceeds_due`: write down what is due, ' +
      'and pay the rest back. An invoice that was given up takes it too.\n\n' +
      'An open page of a bank is withdrawn; 409 `billing.payment_in_progress` while a payment at the gateway is on its way. Money ' +
      'for the invoice of an order is written down at the order: 409 `billing.invoice_of_order`.\n\n' +
      'Refunds of such money are written down, not sent: pay them out first.',
    answers: { 201: ReceivedInvoicePaymentDto },
    problems: [
      platformProblems.not_found,
      receiptProblems.receipt_known,
      receiptProblems.invoice_of_order,
      invoiceProblems.invoice_not_open,
      paymentProblems.charge_exceeds_due,
      paymentProblems.payment_in_progress,
    ],
    idempotency: 'required',
  })
  receive(
    @Param() { id }: InvoiceParams,
    @Body() input: ReceiveInvoicePaymentDto,
    @CurrentActor() actor: Actor,
  ): Promise<ReceivedInvoicePaymentDto> {
    return this.receipts.receive(id, input, actor);
  }
}
