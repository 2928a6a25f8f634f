import { Body, Controller, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { failpoint } from '../../platform/failpoint.js';
import { Operation } from '../../platform/http/operation.js';
import { CurrentHolder, HeldByShopper, type Holder } from '../cart/cart.access.js';
import { CartParams } from '../cart/cart.dto.js';
import { OrderDto } from '../order/order.dto.js';
import { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import { CheckoutService } from './checkout.service.js';

@ApiTags('Checkout')
@Controller('/v1/carts')
export class CheckoutController {
  constructor(private readonly checkouts: CheckoutService) {}

  /**
   * 201: paid and placed. 202: the payment goes on elsewhere; see `payments[0].nextAction`, and read the order until
   * it is placed. 402: declined; the order waits, and a new key tries again.
   */
  @Post('/:id/checkout')
  @Public()
  @HeldByShopper()
  @Operation({
    id: 'placeOrder',
    example: {
      email: 'ada@example.test',
      shippingAddress: {
        firstName: 'Ada',
        lastName: 'Byron',
        line1: 'Unter den Linden 1',
        city: 'Berlin',
        postalCode: '10117',
        country: 'DE',
      },
      payment: { gateway: 'test', token: 'ok' },
    },
    summary: 'Turn the cart into an order and pay it',
    answers: { 201: OrderDto, 202: OrderDto },
    problems: [
      ...Object.values(checkoutProblems),
      // What the payments say goes on to the shopper as it is.
      'billing.payment_already_captured',
      'billing.payment_amount_frozen',
      'billing.payment_in_progress',
      'billing.too_many_attempts',
      'billing.unknown_gateway',
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async checkout(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: CheckoutDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const answer = await this.checkouts.checkout(id, holder, body);
    void reply.code(answer.status).header('cache-control', 'no-store');
    if (answer.status >= 400) void reply.header('content-type', 'application/problem+json; charset=utf-8');
    failpoint('checkout.before_answer');
    return answer.body;
  }
}
