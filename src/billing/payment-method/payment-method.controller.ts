import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { MyPaymentMethods } from './my-payment-methods.service.js';
import { AddPaymentMethodDto, KeptMethodDto, KeptMethodsDto, MethodSetupDto } from './payment-method.dto.js';
import { methodProblems } from './payment-method.errors.js';

@ApiTags('Payments')
@Permissions('account:self')
@Controller('v1/me')
export class PaymentMethodController {
  constructor(private readonly methods: MyPaymentMethods) {}

  @Get('payment-methods')
  @Operation({
    id: 'listMyPaymentMethods',
    summary: 'Lists the payment methods that I keep',
    description: 'The oldest first. The shop knows the end of a card and when it expires, and no more.',
    answers: { 200: KeptMethodsDto },
  })
  list(@CurrentActor() { id }: PersonActor): Promise<KeptMethodsDto> {
    return this.methods.list(id);
  }

  @Post('payment-methods')
  @InPerson()
  @Operation({
    id: 'addMyPaymentMethod',
    summary: 'Keeps a payment method for later',
    description:
      'Nothing is charged. 201: it is kept, as `methodId`. 202 with `requires_action`: the bank wants to ask; send the customer ' +
      'to `nextAction.url`, then `POST /v1/me/payment-method-setups/{id}/confirmation`. 202 with `processing`: the gateway gave ' +
      'no answer; send the same again with the same key. 402: refused.',
    answers: { 201: MethodSetupDto, 202: MethodSetupDto },
    problems: [
      paymentProblems.unknown_gateway,
      paymentProblems.gateway_unreachable,
      methodProblems.payment_method_declined,
    ],
    idempotency: 'steps',
  })
  async add(
    @Body() input: AddPaymentMethodDto,
    @CurrentActor() { id }: PersonActor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { status, body } = await this.methods.add(id, input);
    void reply.code(status);
    return body;
  }

  @Post('payment-method-setups/:id/confirmation')
  @InPerson()
  @Operation({
    id: 'confirmMyPaymentMethod',
    summary: 'Looks what became of a method after the bank has asked',
    description:
      'Call it when the customer comes back from `nextAction.url`. Reads the set-up again at the gateway; it may be repeated at ' +
      'will.',
    answers: { 200: MethodSetupDto },
    problems: [
      platformProblems.not_found,
      paymentProblems.gateway_unreachable,
      methodProblems.payment_method_declined,
    ],
  })
  confirm(
    @Param('id', ParseUUIDPipe) setupId: string,
    @CurrentActor() { id }: PersonActor,
  ): Promise<MethodSetupDto> {
    return this.methods.confirm(id, setupId);
  }

  @Post('payment-methods/:id/default')
  @InPerson()
  @Operation({
    id: 'chooseMyPaymentMethod',
    summary: 'Makes a payment method my default',
    description: 'What is charged by itself, such as a subscription, is charged to it from then on.',
    answers: { 200: KeptMethodDto },
    problems: [platformProblems.not_found],
  })
  choose(
    @Param('id', ParseUUIDPipe) methodId: string,
    @CurrentActor() { id }: PersonActor,
  ): Promise<KeptMethodDto> {
    return this.methods.makeDefault(id, methodId);
  }

  @Delete('payment-methods/:id')
  @InPerson()
  @Operation({
    id: 'removeMyPaymentMethod',
    summary: 'Removes a payment method of mine',
    description:
      'The gateway forgets it too. Where it was the default, the newest of the others becomes it, and is charged from then on with ' +
      'what goes by the default. A subscription that was charged to it by name goes over to the default method; where there is ' +
      'none that could take its place it is 409, and nothing is removed.',
    answers: { 204: null },
    problems: [platformProblems.not_found, methodProblems.method_in_use],
  })
  async remove(
    @Param('id', ParseUUIDPipe) methodId: string,
    @CurrentActor() { id }: PersonActor,
  ): Promise<void> {
    await this.methods.remove(id, methodId);
  }
}
