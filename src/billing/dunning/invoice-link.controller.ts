import { Body, Controller, Header, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Public, SignInOptional } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { methodProblems } from '../payment-method/payment-method.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import { DueInvoiceDto, InvoiceLinkTokenDto, PayInvoiceDto } from './invoice-link.dto.js';
import { InvoicePayments } from './invoice-payments.service.js';

const { not_found } = platformProblems;
const { invoice_link_ended, invoice_not_due, invoice_payment_declined, method_barred } = invoiceLinkProblems;

/** Invoices that could not be collected, or that were sent to be paid, paid by whoever has the link of a letter. */
@ApiTags('Dunning')
@Controller('v1/invoice-links')
export class InvoiceLinkController {
  constructor(private readonly payments: InvoicePayments) {}

  @Post('view')
  @Public()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'viewInvoiceLink',
    summary: 'Look at the invoice of a link',
    description:
      'The number of the invoice and what is due of it; nothing of whose it is. The token of the link is sent in the body, so ' +
      'that it stands in no address. Ask again to see whether a payment has come through.',
    answers: { 200: DueInvoiceDto },
    problems: [invoice_link_ended, not_found],
  })
  view(@Body() { token }: InvoiceLinkTokenDto): Promise<DueInvoiceDto> {
    return this.payments.view(token);
  }

  @Post('payment')
  @Public()
  @SignInOptional()
  @InPerson()
  @Operation({
    id: 'payInvoiceByLink',
    example: {
      token: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
      payment: { gateway: 'test', token: 'ok' },
    },
    summary: 'Pay an invoice by a link',
    description:
      'Pays what is due, by whoever has the link. Without `payment` the method is charged that was tried before, and the bank may ask ' +
      'its owner; an invoice that was sent to be paid has none (409 `billing.no_payment_method`). Send one `Idempotency-Key` for each try, and the same one again when no answer came.\n\n' +
      '- **201**: paid; what had ended or was restricted because of it follows within a moment.\n' +
      '- **202**: it goes on: send the payer to `nextAction`, and confirm afterwards.\n' +
      '- **402** `billing.invoice_payment_declined`: the gateway took nothing; try again with another method and a new key. It ' +
      'counts as no attempt of the shop.\n' +
      '- **409** `billing.invoice_not_due`: nothing is to be paid.\n' +
      '- **409** `billing.method_barred`: the card that is kept must not be tried again; send `payment`.\n' +
      '- **410** `billing.invoice_link_ended`: too late.\n' +
      '- **429** `billing.invoice_tried_too_often`: it was tried so often within a day that it has to wait.',
    answers: { 201: DueInvoiceDto, 202: DueInvoiceDto },
    problems: [
      invoice_link_ended,
      invoice_not_due,
      invoice_payment_declined,
      method_barred,
      methodProblems.no_payment_method,
      paymentProblems.payment_already_captured,
      paymentProblems.charge_exceeds_due,
      paymentProblems.payment_amount_frozen,
      paymentProblems.payment_in_progress,
      paymentProblems.invoice_tried_too_often,
      paymentProblems.unknown_gateway,
      'billing.amount_not_representable',
      not_found,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async pay(
    @Body() input: PayInvoiceDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.payments.pay(input, actor);
    void reply.code(status).header('cache-control', 'no-store');
    if (status >= 400) void reply.header('content-type', 'application/problem+json; charset=utf-8');
    return body;
  }

  @Post('confirmation')
  @Public()
  @InPerson()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'confirmInvoicePayment',
    summary: 'Confirm the payment of an invoice after the payer came back from the bank',
    description:
      'Asks the gateway what has become of the payment, and answers what is due then; it may be repeated at will. Whoever never ' +
      'comes back is found by the webhook of the gateway. 503 `billing.gateway_unreachable`: repeat after `Retry-After` seconds.',
    answers: { 200: DueInvoiceDto },
    problems: [invoice_link_ended, not_found, paymentProblems.gateway_unreachable],
  })
  confirm(@Body() { token }: InvoiceLinkTokenDto): Promise<DueInvoiceDto> {
    return this.payments.confirm(token);
  }
}
