import { Body, Controller, Delete, Get, Header, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { EnrolmentService } from './enrolment.service.js';
import {
  ConfirmTotpDto,
  FactorsDto,
  RecoveryCodesDto,
  TotpConfirmedDto,
  TotpSecretDto,
} from './factor.dto.js';

const { busy, no_second_factor, totp_present, wrong_code } = identityProblems;

/** What is asked of me beside my password. */
@Controller('v1/me/mfa')
@Permissions('account:self')
@InPerson()
@ApiTags('Account')
export class FactorController {
  constructor(private readonly enrolments: EnrolmentService) {}

  @Get()
  @Operation({
    id: 'getMyFactors',
    summary: 'Shows my second factors',
    description: 'Which are on, since when, and how many recovery codes are left; never a secret.',
    answers: { 200: FactorsDto },
  })
  async get(@CurrentActor() actor: PersonActor): Promise<FactorsDto> {
    const { totpSince, ...factors } = await this.enrolments.view(actor);
    return { ...factors, totp: totpSince && { confirmedAt: totpSince.toISOString() } };
  }

  @Post('totp')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'startTotp',
    summary: 'Gives a secret for my authenticator app',
    description: 'It counts for nothing until a code of it came back, within a quarter of an hour.',
    answers: { 201: TotpSecretDto },
    problems: [totp_present],
    idempotency: 'accepted',
  })
  start(@CurrentActor() actor: PersonActor): Promise<TotpSecretDto> {
    return this.enrolments.start(actor);
  }

  @Post('totp/confirmation')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'confirmTotp',
    summary: 'Turns my authenticator app on',
    description:
      'From now on a sign-in with the password asks for a code. The code is used up, so the access token of the answer carries the new proof.',
    answers: { 200: TotpConfirmedDto },
    problems: [wrong_code, busy],
    idempotency: 'accepted-steps',
  })
  confirm(@Body() { code }: ConfirmTotpDto, @CurrentActor() actor: PersonActor): Promise<TotpConfirmedDto> {
    return this.enrolments.confirm(actor, code);
  }

  @Delete('totp')
  @Fresh()
  @Operation({
    id: 'removeTotp',
    summary: 'Turns my authenticator app off',
    description:
      'With the last factor the recovery codes go too, and the password is enough again. A letter tells of it.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async remove(@CurrentActor() actor: PersonActor): Promise<void> {
    await this.enrolments.removeTotp(actor);
  }

  @Post('recovery-codes')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'renewRecoveryCodes',
    summary: 'Makes new recovery codes',
    description: 'The old ones open nothing any more.',
    answers: { 201: RecoveryCodesDto },
    problems: [no_second_factor, busy],
    idempotency: 'accepted-steps',
  })
  renew(@CurrentActor() actor: PersonActor): Promise<RecoveryCodesDto> {
    return this.enrolments.renewRecoveryCodes(actor);
  }
}
