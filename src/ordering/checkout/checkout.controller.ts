import { Body, Controller, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HeldByShopper, InPerson, Public } from '../../platform/access/access.js';
import { failpoint } from '../../platform/failpoint.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CurrentHolder, type Holder } from '../cart/cart.access.js';
import { CartParams } from '../cart/cart.dto.js';
import { OrderDto } from '../order/order.dto.js';
import { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import { promotionProblems } from '../promotion/promotion.errors.js';
import { CheckoutService } from './checkout.service.js';

const CHECKOUT = `
Writes an order from the cart, holds its stock and asks the gateway for the money. What the cart lacks (e-mail,
addresses, shipping) may come with the request. Send the total that the shopper saw as \`expectedTotal\`: when it is
another one now, 409 \`ordering.cart_changed\` and nothing is ordered. The same when it is left out and the buyer, as the e-mail
says, has used up a promotion that the cart still showed: never is more taken than was shown. Send one \`Idempotency-Key\` for each try to pay,
and the same one again when no answer came.

- **201**: paid; the order is \`placed\`.
- **202**: the order is written and its payment goes on. \`payments[0].status\` is \`requires_action\`: send the shopper to
  \`payments[0].nextAction.url\`, and when they are back call \`POST /v1/payments/{id}/confirmation\`; the order follows
  within a moment. Or it is \`processing\`: the outcome is not known yet. Either way poll \`GET /v1/orders/{id}\` until
  \`status\` is no longer \`pending_payment\`, or \`payments[0].status\` is \`requires_payment_method\`: then it was declined
  after all.
- **402** \`ordering.payment_declined\`: the gateway took nothing. The order (\`orderId\`, \`paymentId\`) keeps its goods; pay
  again with the same cart, another \`payment\` and a new key, up to 20 times. Leave e-mail, addresses and shipping out: they
  are fixed now. What gift cards and store credit have paid stays paid: send more of them, the same or none, and \`payment\`
  for the rest. A new key while a challenge is open gives that challenge up.
- **409**: \`ordering.out_of_stock\` (\`errors\` says of which line), \`ordering.promotion_used_up\` (\`errors\` says which
  code), \`ordering.order_closed\` (paid, canceled or expired: make a new cart), \`billing.payment_in_progress\` (an earlier try is not decided: poll, do not pay twice),
  \`billing.no_payment_method\` (\`payment.methodId\` is none that the customer has kept).
  Of many checkouts of one cart at once one pays. The others get \`billing.payment_in_progress\` while that is not decided,
  and \`ordering.order_closed\` or \`billing.payment_already_captured\` once it is paid: with either the cart has its order.
- **422** \`billing.tender_refused\`: a gift card or store credit cannot pay (\`errors\`: \`unknown_code\`, \`empty\`, \`disabled\`,
  \`foreign_currency\`, \`not_enough\`, \`sign_in_required\`); \`billing.payment_method_required\`: something is left and \`payment\` is
  missing. Nothing was taken.
- **422** \`ordering.cart_not_ready\`: \`errors\` has the codes of \`GET /v1/carts/{id}/readiness\`.

\`giftCards\` and \`storeCredit\` pay first and at once, \`payment\` is asked for what they leave. Each is one of \`payments\`, told
apart by \`kind\`, the \`card\` first. When the order is canceled or expires, each goes back to where it came from.

An unpaid order holds its stock until \`expiresAt\`: 30 minutes (\`UNPAID_ORDER_MINUTES\` of the store) from its last try,
an hour from the answer while a challenge (\`requires_action\`) waits for the shopper, a day while the outcome is not
known. Then it is \`expired\`, an open challenge is withdrawn and the stock is free; one whose outcome is still not known
is never given up. Money that arrives later places the order after all when its goods are still there, and goes back
when not.

The gateway is given \`GATEWAY_TIMEOUT_MS\` (ten seconds unless the store says otherwise) to answer, and the request waits
for it: let clients wait longer than that. An order that costs nothing asks no gateway.
`.trim();

@ApiTags('Checkout')
@Controller('/v1/carts')
export class CheckoutController {
  constructor(private readonly checkouts: CheckoutService) {}

  @Post('/:id/checkout')
  @InPerson()
  @Public()
  @HeldByShopper()
  @Operation({
    id: 'placeOrder',
    location: '/v1/orders/{id}',
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
    description: CHECKOUT,
    answers: { 201: OrderDto, 202: OrderDto },
    problems: [
      ...Object.values(checkoutProblems),
      promotionProblems.promotion_used_up,
      // What the payments say goes on to the shopper as it is.
      'billing.payment_already_captured',
      'billing.payment_amount_frozen',
      'billing.payment_in_progress',
      'billing.too_many_attempts',
      'billing.unknown_gateway',
      'billing.amount_not_representable',
      'billing.tender_refused',
      'billing.no_payment_method',
      'billing.payment_method_required',
      platformProblems.too_many_requests,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async checkout(
    @Param() { id }: CartParams,
    @CurrentHolder() holder: Holder,
    @Body() body: CheckoutDto,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const answer = await this.checkouts.checkout(id, holder, body, ip);
    void reply.code(answer.status).header('cache-control', 'no-store');
    if (answer.status >= 400) void reply.header('content-type', 'application/problem+json; charset=utf-8');
    failpoint('checkout.before_answer');
    return answer.body;
  }
}
