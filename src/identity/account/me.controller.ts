import {
  Body,
  Controller,
  Delete,
  Get,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Bool, Instant, Nested, Text, Uuid, PersonName } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ConsentDto, ConsentInput } from '../consent/consent.dto.js';
import { identityProblems } from '../identity.errors.js';
import { OtherSessionsQuery, SessionsDto } from '../session/session.dto.js';
import { Locale, Phone } from './account.dto.js';
import { ChangePasswordDto } from './auth.dto.js';
import { PasswordChangeService } from './password-change.service.js';
import { ProfileService } from './profile.service.js';

export class MeDto {
  @Uuid()
  id: string;

  @Text({ max: 254, example: 'ada@example.test' })
  email: string;

  @Bool()
  emailVerified: boolean;

  @Text({ max: 100, nullable: true })
  firstName: string | null;

  @Text({ max: 100, nullable: true })
  lastName: string | null;

  @Text({ max: 40, nullable: true })
  phone: string | null;

  @Text({ max: 35, nullable: true })
  locale: string | null;

  @Nested(() => ConsentDto)
  marketingConsent: ConsentDto;

  @Instant()
  createdAt: string;
}

export class UpdateMeDto {
  @PersonName({ max: 100, optional: true, nullable: true, example: 'Ada' })
  firstName?: string | null;

  @PersonName({ max: 100, optional: true, nullable: true, example: 'Byron' })
  lastName?: string | null;

  @Phone()
  phone?: string | null;

  @Locale()
  locale?: string | null;

  @Nested(() => ConsentInput, {
    optional: true,
    description: 'As in `PUT /v1/me/marketing-consent`.',
  })
  marketingConsent?: ConsentInput;
}

/** One's own account. */
@Controller('v1/me')
@Permissions('account:self')
@ApiTags('Account')
export class MeController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly passwords: PasswordChangeService,
  ) {}

  @Get()
  @Operation({
    id: 'getMe',
    headers: ['ETag'],
    summary: 'Shows my account',
    description:
      'The account of the access token, staff and customers alike. The `ETag` goes into `If-Match` of ' +
      '`PATCH /v1/me`.',
    answers: { 200: MeDto },
  })
  async get(
    @CurrentActor() actor: PersonActor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MeDto> {
    const { version, ...me } = await this.profiles.get(actor.id);
    void reply.header('etag', etagOfVersion(version));
    return me;
  }

  @Patch()
  @Operation({
    id: 'updateMe',
    headers: ['ETag'],
    summary: 'Changes my account',
    description:
      'What is left out stays; null deletes. The e-mail address is changed by `POST /v1/me/email`, ' +
      'because the new one has to be confirmed. Marketing consent needs the words that were agreed to, and ' +
      'is given by nobody in the place of the customer (403).',
    answers: { 200: MeDto },
    problems: [platformProblems.stale_version, platformProblems.impersonation_forbidden],
  })
  async update(
    @Body() input: UpdateMeDto,
    @IfMatch() wanted: number | null,
    @CurrentActor() actor: PersonActor,
    @Req() { ip }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MeDto> {
    const { version, ...me } = await this.profiles.update(actor, input, wanted, ip);
    void reply.header('etag', etagOfVersion(version));
    return me;
  }

  @Post('password')
  @Permissions('account:password')
  @InPerson()
  @Operation({
    id: 'changeMyPassword',
    summary: 'Changes my password',
    description:
      'The present password in the call is the fresh proof that other sensitive operations ask for, so no ' +
      '`POST /v1/auth/step-up` comes before it; five wrong ones make the next tries wait (429, `Retry-After` in ' +
      'seconds).\n\n' +
      'Signs out everywhere else, cancels the links that were mailed and tells the owner by mail. The ' +
      'session of this request goes on, now with all its permissions if the password had to be changed.',
    answers: { 204: null },
    problems: [
      identityProblems.wrong_password,
      identityProblems.password_blocked,
      identityProblems.too_many_attempts,
      identityProblems.busy,
    ],
  })
  async changePassword(
    @Body() { presentPassword, password }: ChangePasswordDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<void> {
    await this.passwords.byPassword(actor, presentPassword, password);
  }

  @Get('sessions')
  @Operation({
    id: 'listMySessions',
    summary: 'Lists where I am signed in',
    description:
      'Where the account is signed in, with the network and the browser of each place; `current` is the ' +
      'session of this request. At most fifty are kept, the oldest ends first. Where somebody of the staff ' +
      'acts in your place, `impersonatedBy` says who and why; it can be ended like any other.',
    answers: { 200: SessionsDto },
  })
  async sessions(@CurrentActor() actor: PersonActor): Promise<SessionsDto> {
    return { items: await this.profiles.sessions(actor) };
  }

  @Delete('sessions')
  @InPerson()
  @Operation({
    id: 'revokeMyOtherSessions',
    summary: 'Signs me out everywhere else',
    description:
      'Only with `?others=true`: ends every session but the one of this request, their refresh tokens at ' +
      'once and their access tokens within a second. 204 also when there was no other.',
    answers: { 204: null },
  })
  async revokeOthers(@Query() _: OtherSessionsQuery, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.profiles.revokeOthers(actor);
  }

  @Delete('sessions/:id')
  @InPerson()
  @Operation({
    id: 'revokeMySession',
    summary: 'Signs me out somewhere',
    description:
      'Ends one session: its refresh token at once, its access tokens within a second. 404 when it is ' +
      'over already or belongs to somebody else.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async revoke(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.profiles.revoke(actor, id);
  }
}
