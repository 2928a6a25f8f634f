import { Controller, Headers, Param, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { InboxService } from './inbox.service.js';

/** Where payment gateways report; guarded by their signature over the raw bytes. */
@ApiTags('Gateway webhooks')
@Controller('v1/gateways')
export class WebhookController {
  constructor(private readonly inbox: InboxService) {}

  @Post(':code/webhooks')
  @Public()
  @Operation({
    id: 'receiveGatewayWebhook',
    summary: 'Receive a signed notice of a payment gateway',
    description:
      'For gateways only, which sign instead of signing in. The signature over the exact bytes is ' +
      'checked before anything else; 200 means that the notice is kept, also when it was kept before. ' +
      'What it says is read again at the gateway before it counts.',
    answers: { 200: null },
    problems: [paymentProblems.bad_signature, platformProblems.not_found],
  })
  async receive(
    @Param('code') code: string,
    @Headers() headers: Record<string, unknown>,
    @Req() request: FastifyRequest & { rawBody?: Buffer },
  ): Promise<void> {
    await this.inbox.receive(code, request.rawBody ?? Buffer.alloc(0), headers);
  }
}
