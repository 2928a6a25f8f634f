import { Body, Controller, Get, Post, Put, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentActor, InPerson, Permissions, PublicWithoutToken } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { identityProblems } from '../identity.errors.js';
import { ConsentDto, ConsentInput, WithdrawalDto } from './consent.dto.js';
import { ConsentService } from './consent.service.js';

@Controller('v1')
@ApiTags('Marketing consent')
export class ConsentController {
  constructor(private readonly consents: ConsentService) {}

  @Get('me/marketing-consent')
  @Permissions('account:self')
  @Operation({
    id: 'getMyMarketingConsent',
    summary: 'Shows whether I take letters about offers',
    description:
      'What was last said, with the words that were agreed to. `at` is null when nothing was ever said, ' +
      'which counts as no.',
    answers: { 200: ConsentDto },
  })
  get(@CurrentActor() actor: PersonActor): Promise<ConsentDto> {
    return this.consents.present(actor.id);
  }

  @Put('me/marketing-consent')
  @InPerson()
  @Permissions('account:self')
  @Operation({
    id: 'setMyMarketingConsent',
    summary: 'Gives or withdraws my consent to letters about offers',
    description:
      'Adds to the proof of who agreed to what: the time, the form (`source`), the words and their ' +
      'version, and the network of the request. With `given: true` the words and their version are ' +
      'required. Saying the same again adds nothing.',
    answers: { 200: ConsentDto },
  })
  set(
    @Body() input: ConsentInput,
    @CurrentActor() actor: PersonActor,
    @Req() { ip }: FastifyRequest,
  ): Promise<ConsentDto> {
    return this.consents.declare(actor, actor.id, input, ip);
  }

  @Post('marketing-consent/withdrawal')
  @PublicWithoutToken()
  @Operation({
    id: 'withdrawMarketingConsent',
    summary: 'Withdraws consent by the link in a letter',
    description:
      'Takes the `token` of the link that letters about offers carry (`withdrawalUrl` of the customer, ' +
      'for staff). No sign-in, one step, and it works as often as it is tried; it serves nothing else.',
    answers: { 204: null },
    problems: [identityProblems.invalid_or_expired_token],
  })
  async withdraw(@Body() { token }: WithdrawalDto, @Req() { ip }: FastifyRequest): Promise<void> {
    await this.consents.withdraw(token, ip);
  }
}
