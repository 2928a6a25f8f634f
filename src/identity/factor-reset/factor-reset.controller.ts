import { Body, Controller, Delete, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions, PublicWithoutToken } from '../../platform/access/access.js';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { TokenDto } from '../account/auth.dto.js';
import { identityProblems } from '../identity.errors.js';
import { AskFactorResetDto, FactorResetDto } from './factor-reset.dto.js';
import { FactorResetService } from './factor-reset.service.js';

const { not_found, conflict } = platformProblems;
const { account_disabled, invalid_or_expired_token, no_second_factor, not_yourself } = identityProblems;

/** For customers who have lost every second factor. */
@Controller('v1/admin/customers/:id/factor-reset')
@ApiTags('Customers')
export class CustomerFactorResetController {
  constructor(private readonly resets: FactorResetService) {}

  @Post()
  @Permissions('identity:factor:reset')
  @Fresh()
  @Operation({
    id: 'askCustomerFactorReset',
    summary: 'Starts to remove the second factors of a customer who has lost them',
    description:
      'For a customer who can show neither app nor passkey nor recovery code. Nothing is removed for 72 ' +
      'hours; the customer gets a letter with a link that stops it, and every sign-in with a second factor ' +
      'stops it too. Then authenticator app, passkeys and recovery codes go, all sessions end, and a ' +
      'second letter says so; the password stays. `factorReset` of `GET /v1/admin/customers/{id}` shows ' +
      'what waits. 409 when the three days are running, the account has no second factor, or it is disabled.',
    answers: { 202: FactorResetDto },
    problems: [not_found, conflict, no_second_factor, account_disabled],
  })
  ask(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: AskFactorResetDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<FactorResetDto> {
    return this.resets.ask(id, reason, actor);
  }

  @Delete()
  @Permissions('identity:factor:reset')
  @Operation({
    id: 'cancelCustomerFactorReset',
    summary: 'Stops the removal of second factors',
    description: 'The second factors stay, and the link in the letter ends. 404 when nothing waits.',
    answers: { 204: null },
    problems: [not_found],
  })
  async cancel(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.resets.cancel(id, actor);
  }
}

/** For staff who have. */
@Controller('v1/admin/staff/:id/factor-reset')
@ApiTags('People')
export class StaffFactorResetController {
  constructor(private readonly resets: FactorResetService) {}

  @Post()
  @Permissions('identity:staff:write', 'identity:factor:reset')
  @Fresh()
  @Operation({
    id: 'resetStaffFactors',
    summary: 'Removes the second factors of one of the staff',
    description:
      'For a colleague who has lost them: authenticator app, passkeys and recovery codes go at once, all ' +
      'sessions end, and a letter says so. Only an administrator may do this, and nobody for himself. ' +
      '409 when there is no second factor.',
    answers: { 204: null },
    problems: [not_found, not_yourself, no_second_factor],
  })
  async resetStaff(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: AskFactorResetDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<void> {
    await this.resets.ofStaff(id, reason, actor);
  }
}

/** For the owner of an account of which somebody else says that. */
@Controller('v1/auth/factor-reset/cancellation')
@ApiTags('Sign-in')
export class FactorResetController {
  constructor(private readonly resets: FactorResetService) {}

  @Post()
  @PublicWithoutToken()
  @Operation({
    id: 'cancelFactorReset',
    summary: 'Stops the removal of my second factors',
    description:
      'Takes the `token` of the link in the letter, which works once, until the second factors are ' +
      'removed. 400 `identity.invalid_or_expired_token` when nothing waits any more.',
    answers: { 204: null },
    problems: [invalid_or_expired_token],
  })
  async cancelMine(@Body() { token }: TokenDto): Promise<void> {
    await this.resets.cancelByLink(token);
  }
}
