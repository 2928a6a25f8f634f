import { Body, Controller, Delete, Header, Param, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Text } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { deviceOf } from '../account/auth.controller.js';
import { AccessTokenDto } from '../account/auth.dto.js';
import { CustomerParams } from '../customer/customer.dto.js';
import { identityProblems } from '../identity.errors.js';
import { ImpersonationService } from './impersonation.service.js';

class ImpersonationDto {
  @Text({
    min: 10,
    max: 500,
    pattern: /^\S[\s\S]*\S$/,
    patternHint: 'must begin and end with a word',
    example: 'Ticket 4711: the cart does not take the voucher',
    description: 'Why. The customer reads it too.',
  })
  reason: string;
}

@Controller('v1/admin/customers/:id/impersonation')
@Permissions('identity:customer:impersonate')
@ApiTags('Customers')
export class ImpersonationController {
  constructor(private readonly impersonations: ImpersonationService) {}

  @Post()
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'impersonateCustomer',
    summary: 'Acts in the place of a customer',
    description:
      'Answers an access token of the customer for 15 minutes, without a refresh token; its `act.sub` is you. It sees and ' +
      'does what the customer can, but operations with `x-in-person` or `x-fresh-sign-in` (credentials, factors, ' +
      'sessions, consent, paying and the like) answer 403 `platform.impersonation_forbidden`.\n\n' +
      'The customer gets a mail, sees you and your reason in the list of sessions, and can end it. Everything that is ' +
      'changed with the token stands in the audit trail under both names. It ends within a second when you sign out, ' +
      'are disabled or lose the permission; a second one for the same customer ends the first.\n\n' +
      'Never for accounts of staff: 403 `identity.customers_only`. 409 `identity.account_disabled` while the customer ' +
      'may not sign in.',
    answers: { 200: AccessTokenDto },
    problems: [
      platformProblems.not_found,
      identityProblems.customers_only,
      identityProblems.account_disabled,
    ],
  })
  begin(
    @Param() { id }: CustomerParams,
    @Body() { reason }: ImpersonationDto,
    @CurrentActor() actor: PersonActor,
    @Req() request: FastifyRequest,
  ): Promise<AccessTokenDto> {
    return this.impersonations.begin(id, reason, actor, deviceOf(request));
  }

  @Delete()
  @Operation({
    id: 'endImpersonation',
    summary: 'Stops acting in the place of a customer',
    description: 'Ends your own within a second, and nobody else’s. 204 also when it was over already.',
    answers: { 204: null },
    problems: [platformProblems.not_found, identityProblems.customers_only],
  })
  async end(@Param() { id }: CustomerParams, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.impersonations.end(id, actor);
  }
}
