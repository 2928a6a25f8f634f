import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { receiptProblems } from '../../billing/billing.api.js';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { OrderParams } from '../order/order.dto.js';
import { ReceivedPaymentDto, ReceivePaymentDto } from './received-payment.dto.js';
import { ReceivedPayments } from './received-payments.service.js';

@ApiTags('Orders')
@Controller('/v1/admin/orders')
export class ReceivedPaymentController {
  constructor(private readonly payments: ReceivedPayments) {}

  @Post('/:id/payments')
  @Permissions('billing:payment:write')
  @Operation({
    id: 'receiveOrderPayment',
    summary: 'Write down money that came for an order',
    description:
      'By bank transfer, in cash or otherwise, without a gateway. It counts at once; an order that waited for it is placed when ' +
      'nothing is missing. Too little leaves the rest in `due`; what is too much stands in `overpaid` and can be refunded.\n\n' +
      'What is open beside it and not needed any more is withdrawn: a page of a bank that asks for more than is still due, and, once ' +
      'all of the money is there, what is held on a card. What is paid at such a page all the same goes back by itself.\n\n' +
      'Refunds of such money are written down, not sent: pay them out first. What is to go back because an order was canceled ' +
      'or has expired waits as a refund that has failed (`pay_by_hand`).',
    answers: { 201: ReceivedPaymentDto },
    problems: [
      platformProblems.not_found,
      receiptProblems.receipt_known,
      receiptProblems.receipt_in_progress,
    ],
    idempotency: 'required',
  })
  receive(
    @Param() { id }: OrderParams,
    @Body() input: ReceivePaymentDto,
    @CurrentActor() actor: Actor,
  ): Promise<ReceivedPaymentDto> {
    return this.payments.receive(id, input, actor);
  }
}
