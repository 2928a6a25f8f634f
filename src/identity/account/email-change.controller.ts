import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CurrentActor,
  Fresh,
  InPerson,
  Permissions,
  Public,
  SignInOptional,
} from '../../platform/access/access.js';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { Email } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { identityProblems } from '../identity.errors.js';
import { TokenDto } from './auth.dto.js';
import { EmailChangeService } from './email-change.service.js';

class ChangeEmailDto {
  @Email({ example: 'ada.lovelace@example.test' })
  email: string;
}

@Controller('v1')
@ApiTags('Account')
export class EmailChangeController {
  constructor(private readonly changes: EmailChangeService) {}

  @Post('me/email')
  @Permissions('account:self')
  @Fresh()
  @Operation({
    id: 'changeMyEmail',
    summary: 'Asks for another e-mail address',
    description:
      'Always 202, whether somebody has the address or not. The new address gets a link that works once, ' +
      'for an hour; its token goes to `POST /v1/auth/email/change`. The present address is told, and ' +
      'stays until then. The limits for mails are those of `POST /v1/auth/register`.',
    answers: { 202: null },
    rateLimited: true,
  })
  async ask(
    @Body() { email }: ChangeEmailDto,
    @CurrentActor() actor: PersonActor,
    @Req() { ip }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.changes.ask(actor, email, { ip, announce: (headers) => void reply.headers(headers) });
  }

  @Post('auth/email/change')
  @Public()
  @SignInOptional()
  @InPerson()
  @Operation({
    id: 'confirmMyEmail',
    summary: 'Confirms another e-mail address',
    description:
      'Takes the `token` of the link that went to the new address; it works once, for an hour, and ends ' +
      'every other link that was mailed. From now on the new address signs in; the former one is told.\n\n' +
      'Signs out everywhere; only the session whose access token comes with this request goes on.',
    answers: { 204: null },
    problems: [identityProblems.invalid_or_expired_token],
  })
  async confirm(@Body() { token }: TokenDto, @CurrentActor() actor: Actor): Promise<void> {
    await this.changes.confirm(token, actor);
  }
}
