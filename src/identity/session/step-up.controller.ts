import { Body, Controller, Header, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Text } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { AccessTokenDto } from '../account/auth.dto.js';
import { identityProblems } from '../identity.errors.js';
import { MAX_SENT } from '../password/password.rules.js';
import { StepUpService } from './step-up.service.js';

class StepUpDto {
  @Text({ max: MAX_SENT, example: 'four random words are good' })
  password: string;
}

@Controller('v1/auth/step-up')
@ApiTags('Sign-in')
export class StepUpController {
  constructor(private readonly stepUps: StepUpService) {}

  @Post()
  @Permissions('account:self')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'stepUp',
    summary: 'Proves again who I am',
    description:
      'Operations with `x-fresh-sign-in` ask for a proof that is at most ten minutes old. The session and its refresh token go on; the access token of the answer carries the new proof.',
    answers: { 200: AccessTokenDto },
    problems: [identityProblems.wrong_password, identityProblems.too_many_attempts, identityProblems.busy],
  })
  stepUp(@Body() { password }: StepUpDto, @CurrentActor() actor: PersonActor): Promise<AccessTokenDto> {
    return this.stepUps.byPassword(actor, password);
  }
}
