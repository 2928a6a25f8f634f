import { Body, Controller, Header, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Nested, Text } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { onlyOneOf } from '../../platform/http/validation.js';
import { AccessTokenDto } from '../account/auth.dto.js';
import { GivenCodeDto } from '../factor/factor.dto.js';
import { identityProblems } from '../identity.errors.js';
import { CredentialProofDto } from '../passkey/passkey.dto.js';
import { MAX_SENT } from '../password/password.rules.js';
import { StepUpService } from './step-up.service.js';

const { busy, invalid_assertion, too_many_attempts, wrong_code, wrong_password } = identityProblems;

class StepUpDto extends GivenCodeDto {
  @Text({ max: MAX_SENT, optional: true })
  password?: string;

  @Nested(() => CredentialProofDto, {
    optional: true,
    description: 'What a passkey signed, with options that were asked for with the access token.',
  })
  credential?: CredentialProofDto;
}

@Controller('v1/auth/step-up')
@ApiTags('Sign-in')
export class StepUpController {
  constructor(private readonly stepUps: StepUpService) {}

  @Post()
  @Permissions('account:self')
  @InPerson()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'stepUp',
    summary: 'Proves again who I am',
    description:
      'Operations with `x-fresh-sign-in` ask for a proof that is at most ten minutes old. The session and its refresh token go on; the access token of the answer carries the new proof. Send one of `password`, `code`, `recoveryCode` and `credential`; who has a second factor must have shown it in this session.',
    answers: { 200: AccessTokenDto },
    problems: [wrong_password, wrong_code, invalid_assertion, too_many_attempts, busy],
    example: { password: 'four random words are good' },
  })
  stepUp(@Body() input: StepUpDto, @CurrentActor() actor: PersonActor): Promise<AccessTokenDto> {
    onlyOneOf(input, ['password', 'code', 'recoveryCode', 'credential']);
    return this.stepUps.prove(actor, input);
  }
}
