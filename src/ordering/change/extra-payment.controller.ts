import { Body, Controller, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HeldByShopper, InPerson, Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import { OrderDto, OrderParams } from '../order/order.dto.js';
import { changeProblems } from './change.errors.js';
import { PayOrderDto } from './extra-payment.dto.js';
import { ExtraPayments } from './extra-payments.service.js';

@ApiTags('Orders')
@Controller('/v1/orders')
export class ExtraPaymentController {
  constructor(private readonly payments: ExtraPayments) {}

  @Post('/:id/payments')
  @InPerson()
  @Public()
  @HeldByShopper()
  @Operation({
    id: 'payOrder',
    example: { payment: { gateway: 'test', token: 'ok' } },
    summary: 'Pay what is due',
    description:
      'Of a placed order something may be due: a change cost more than was paid, or the hold of its money ended or brought less. ' +
      '`amountDue` of the order says how much, and a card is charged at once. Send one `Idempotency-Key` for each try, and the ' +
      'same one again when no answer came.\n\n' +
      '- **201**: paid. What was added may be sent.\n' +
      '- **202**: it goes on; the last of `payments` says how, as after a checkout.\n' +
      '- **402** `ordering.payment_declined`: no money moved; try again with another method and a new key.\n' +
      '- **409** `ordering.nothing_due`: it is paid, or nobody waits for it any more.\n' +
      '- **409** `billing.payment_in_progress`: nobody knows yet what came of another payment of the order.\n' +
      '- **409** `ordering.order_unpaid`: it waits for its first payment, at the checkout of its cart or by a link.\n\n' +
      'Gift cards and store credit pay first and at once, as in a checkout, and `payment` what they leave. What they have paid ' +
      'stays paid when the card is declined: `amountDue` is less then, and only that is asked for again.\n\n' +
      'What a change added and nobody pays in time is taken off the order again. Money that arrives later goes back.',
    answers: { 201: OrderDto, 202: OrderDto },
    problems: [
      changeProblems.nothing_due,
      changeProblems.order_unpaid,
      changeProblems.due_changed,
      checkoutProblems.payment_declined,
      'billing.payment_amount_frozen',
      'billing.payment_in_progress',
      'billing.payment_method_required',
      'billing.tender_refused',
      'billing.no_payment_method',
      'billing.too_many_attempts',
      'billing.unknown_gateway',
      'billing.amount_not_representable',
      platformProblems.too_many_requests,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async pay(
    @Param() { id }: OrderParams,
    @CurrentHolder() holder: Holder,
    @Body() body: PayOrderDto,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const answer = await this.payments.pay(id, holder, body, ip);
    void reply.code(answer.status).header('cache-control', 'no-store');
    if (answer.status >= 400) void reply.header('content-type', 'application/problem+json; charset=utf-8');
    return answer.body;
  }
}
