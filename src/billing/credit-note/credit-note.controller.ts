import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { giftCardProblems } from '../gift-card/gift-card.errors.js';
import { invoiceProblems } from '../invoice/invoice.errors.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { refundProblems } from '../refund/refund.errors.js';
import { CreateCreditNoteDto, CreditNoteDto, CreditNoteParams, CreditNoteQuery } from './credit-note.dto.js';
import { gatewayProblems } from '../gateway/gateway.errors.js';
import { StaffCreditNotes } from './staff-credit-notes.service.js';

/** Credit notes, for staff. */
@ApiTags('Credit notes')
@Controller('v1/admin')
@Permissions('billing:invoice:read')
export class CreditNoteController {
  constructor(private readonly notes: StaffCreditNotes) {}

  @Get('credit-notes')
  @Operation({
    id: 'listCreditNotes',
    summary: 'List credit notes, the newest first',
    description:
      'By invoice, order, number or day (`issueDate[gte]`, `issueDate[lte]`), each with all that is printed on it.',
    answers: { 200: PageOf(CreditNoteDto) },
    problems: [platformProblems.invalid_cursor],
  })
  list(@Query() query: CreditNoteQuery): Promise<Page<CreditNoteDto>> {
    return this.notes.list(query);
  }

  @Get('credit-notes/:id')
  @Operation({
    id: 'getCreditNote',
    summary: 'Read a credit note',
    description:
      'It refers to its invoice, and says where its total went: `reduced`, `refunded`, `outOfBand` and `kept`.',
    answers: { 200: CreditNoteDto },
    problems: [platformProblems.not_found],
  })
  get(@Param() { id }: CreditNoteParams): Promise<CreditNoteDto> {
    return this.notes.get(id);
  }

  @Post('invoices/:id/credit-notes')
  @Permissions('billing:invoice:write')
  @Operation({
    id: 'createCreditNote',
    location: '/v1/admin/credit-notes/{id}',
    summary: 'Credit part of an invoice, or all of it',
    description:
      'By lines or by an amount with its tax. The tax of each category is the rounded part of what was charged of it, less what ' +
      'was credited before, so that all credit notes together are the invoice to the cent. However many ask at once, never more ' +
      'of a line is credited than was charged.\n\n' +
      'What is open of the invoice, or was given up of it, is reduced first: nobody has paid that. What the note is more than that was paid: say in `refund`, `storeCredit` and ' +
      '`outOfBand` where it goes, together exactly that much; 422 `billing.credit_split_wrong` says in `toSplit` how much it is.\n\n' +
      'What changes of an order take off is credited by itself. 409 while money is on its way to an invoice that is of no order.',
    answers: { 201: CreditNoteDto },
    problems: [
      platformProblems.not_found,
      invoiceProblems.invoice_not_open,
      invoiceProblems.credit_exceeds_invoice,
      invoiceProblems.credit_split_wrong,
      paymentProblems.payment_in_progress,
      refundProblems.refund_exceeds_captured,
      refundProblems.payment_disputed,
      refundProblems.credit_needs_customer,
      giftCardProblems.gift_card_kept,
      gatewayProblems.amount_not_representable,
    ],
    idempotency: 'required',
    example: {
      amount: { amount: 500, currency: 'EUR' },
      reason: 'product_unsatisfactory',
      memo: 'The lamp was scratched.',
      outOfBand: { amount: 500, currency: 'EUR' },
    },
  })
  create(
    @Param() { id }: CreditNoteParams,
    @Body() input: CreateCreditNoteDto,
    @CurrentActor() actor: Actor,
  ): Promise<CreditNoteDto> {
    return this.notes.create(id, input, actor);
  }
}
