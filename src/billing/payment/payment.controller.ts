import { Body, Controller, Get, Headers, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, HeldByShopper, InPerson, Public } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ConfirmationService } from './confirmation.service.js';
import { PaymentAccess } from './payment-access.service.js';
import { PaymentDto } from './payment.dto.js';
import { paymentProblems } from './payment.errors.js';

/** Confirming says nothing: what the payment has become is the gateway's word alone. */
function refuseContent(body: unknown): void {
  const [property] = Object.keys(Object(body ?? {}) as object);
  if (property === undefined) return;
  throw platformProblems.invalid_input('The body must be empty.', {
    errors: [{ pointer: `/${property}`, code: 'unknown_property', message: 'is not known here' }],
  });
}

/** A shopper's payment, for whoever may see its order. */
@ApiTags('Payments')
@Controller('v1/payments')
export class PaymentController {
  constructor(
    private readonly access: PaymentAccess,
    private readonly confirmation: ConfirmationService,
  ) {}

  @Get(':id')
  @Public()
  @HeldByShopper('billing:payment:read')
  @Operation({
    id: 'getPayment',
    summary: 'Read a payment',
    description:
      'For the customer of the order, the holder of its cart token (`X-Cart-Token`), and staff. Amounts ' +
      'are in minor units.\n\n' +
      '`processing`: not decided, poll; `requires_action`: send the shopper to `nextAction.url`, then ' +
      '`POST /v1/payments/{id}/confirmation`; `requires_payment_method`: declined (`declineCode`), check ' +
      'out again with a new key; `captured`: paid; `authorized`: the money is held; `requires_review`: ' +
      'staff decide about it; `canceled`: over.',
    answers: { 200: PaymentDto },
    problems: [platformProblems.not_found],
  })
  async get(
    @Param('id', ParseUUIDPipe) id: string,
    @CurrentActor() actor: Actor,
    @Headers('x-cart-token') cartToken?: string,
  ): Promise<PaymentDto> {
    return PaymentDto.from(await this.access.find(id, actor, cartToken));
  }

  @Post(':id/confirmation')
  @InPerson()
  @Public()
  @HeldByShopper('billing:payment:read')
  @Operation({
    id: 'confirmPayment',
    summary: 'Confirm a payment after the shopper came back from the bank',
    description:
      'Call it when the shopper comes back from `nextAction.url`, with an empty body. Reads the payment ' +
      'again at the gateway and answers what it has become; nothing is taken from the request, so it may ' +
      'be repeated at will. A payment without a next action answers its present state.\n\n' +
      'The order follows within a moment, not in this answer: after `captured` read `GET ' +
      '/v1/orders/{id}` until it is `placed`. Whoever never comes back is found by the webhook of the ' +
      'gateway. 503 `billing.gateway_unreachable`: repeat after `Retry-After` seconds.',
    answers: { 200: PaymentDto },
    problems: [platformProblems.not_found, paymentProblems.gateway_unreachable],
  })
  async confirm(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() body: unknown,
    @CurrentActor() actor: Actor,
    @Headers('x-cart-token') cartToken?: string,
  ): Promise<PaymentDto> {
    refuseContent(body);
    return PaymentDto.from(await this.confirmation.confirm(await this.access.find(id, actor, cartToken)));
  }
}
