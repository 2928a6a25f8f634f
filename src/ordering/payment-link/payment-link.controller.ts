import { Body, Controller, Header, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Permissions, Public, SignInOptional } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { changeProblems } from '../change/change.errors.js';
import { checkoutProblems } from '../checkout/checkout.errors.js';
import {
  CreatePaymentLinkDto,
  DueOrderDto,
  PayByLinkDto,
  PaymentLinkDto,
  PaymentLinkParams,
  PaymentLinkTokenDto,
} from './payment-link.dto.js';
import { paymentLinkProblems } from './payment-link.errors.js';
import { LinkPayments } from './link-payments.service.js';
import { OpenLinks } from './open-links.service.js';
import { PaymentLinks } from './payment-links.service.js';

const { not_found } = platformProblems;
const { nothing_due } = changeProblems;
const { payment_link_ended } = paymentLinkProblems;

@ApiTags('Payment links')
@Controller('/v1')
export class PaymentLinkController {
  constructor(
    private readonly links: PaymentLinks,
    private readonly opened: OpenLinks,
    private readonly payments: LinkPayments,
  ) {}

  @Post('admin/orders/:id/payment-links')
  @Permissions('ordering:order:write')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'createPaymentLink',
    example: { mail: true },
    summary: 'Make a link to pay an order',
    description:
      'For an order that waits for its payment, or a placed one of which something is due: a change left it due, or the hold ' +
      'of its money ended or brought less. Whoever has the link can pay. What the order holds is held until the link ends. An ' +
      'order has one link: a new one takes the place of the one before. With `mail` the buyer gets it.',
    answers: { 201: PaymentLinkDto },
    problems: [nothing_due, checkoutProblems.order_closed, 'catalog.out_of_stock', not_found],
    idempotency: 'required',
  })
  create(
    @CurrentActor() actor: Actor,
    @Param() { id }: PaymentLinkParams,
    @Body() input: CreatePaymentLinkDto,
  ): Promise<PaymentLinkDto> {
    return this.links.create(id, input ?? {}, actor);
  }

  @Post('payment-links/view')
  @Public()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'viewPaymentLink',
    summary: 'Look at what is to be paid',
    description:
      'The number of the order, what is in it and what is due; nothing of whose it is. The token of the link is sent in the ' +
      'body, so that it stands in no address. Ask again to see whether a payment has come through. 410 when the link has ended.',
    answers: { 200: DueOrderDto },
    problems: [payment_link_ended, not_found],
  })
  view(@Body() { token }: PaymentLinkTokenDto): Promise<DueOrderDto> {
    return this.opened.view(token);
  }

  @Post('payment-links/payment')
  @Public()
  @SignInOptional()
  @InPerson()
  @Operation({
    id: 'payByLink',
    example: {
      token: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
      payment: { gateway: 'test', token: 'ok' },
    },
    summary: 'Pay by a link',
    description:
      'Pays what is due, by whoever has the link. Send one `Idempotency-Key` for each try, and the same one again when no ' +
      'answer came.\n\n' +
      '- **201**: paid; the order is placed, or what a change had added may be sent.\n' +
      '- **202**: it goes on: send the payer to `nextAction`, and confirm afterwards.\n' +
      '- **402** `ordering.payment_declined`: the gateway took nothing; try again with another method and a new key. What gift ' +
      'cards and store credit have paid stays paid, as at the checkout, and goes back when the order is canceled or expires.\n' +
      '- **409** `ordering.nothing_due`: it is paid.\n' +
      '- **409** `billing.payment_in_progress`: nobody knows yet what came of another payment of the order.\n' +
      '- **410** `ordering.payment_link_ended`: too late, or replaced by a newer link.',
    answers: { 201: DueOrderDto, 202: DueOrderDto },
    problems: [
      nothing_due,
      payment_link_ended,
      checkoutProblems.payment_declined,
      checkoutProblems.order_closed,
      checkoutProblems.out_of_stock,
      'billing.payment_already_captured',
      'billing.payment_amount_frozen',
      'billing.payment_in_progress',
      'billing.payment_method_required',
      'billing.tender_refused',
      'billing.no_payment_method',
      'billing.too_many_attempts',
      'billing.unknown_gateway',
      'billing.amount_not_representable',
      platformProblems.too_many_requests,
      not_found,
    ],
    idempotency: 'steps',
    rawJson: true,
  })
  async pay(
    @CurrentActor() actor: Actor,
    @Body() input: PayByLinkDto,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const answer = await this.payments.pay(input, actor, ip);
    void reply.code(answer.status).header('cache-control', 'no-store');
    if (answer.status >= 400) void reply.header('content-type', 'application/problem+json; charset=utf-8');
    return answer.body;
  }

  @Post('payment-links/confirmation')
  @Public()
  @InPerson()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'confirmLinkPayment',
    summary: 'Confirm a payment by a link after the payer came back from the bank',
    description:
      'Asks the gateway what has become of the payment, and answers what is due then; it may be repeated at will. Whoever never ' +
      'comes back is found by the webhook of the gateway. 503 `billing.gateway_unreachable`: repeat after `Retry-After` seconds.',
    answers: { 200: DueOrderDto },
    problems: [payment_link_ended, not_found, 'billing.gateway_unreachable'],
  })
  confirm(@Body() { token }: PaymentLinkTokenDto): Promise<DueOrderDto> {
    return this.opened.confirm(token);
  }
}
