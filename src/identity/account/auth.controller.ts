import { Body, Controller, Get, Header, Post, Req, Res } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { identityProblems } from '../identity.errors.js';
import { type Device, SessionService } from '../session/session.service.js';
import { AccessTokens } from '../token/access-tokens.service.js';
import { AccountService, type Asking } from './account.service.js';
import {
  EmailOnlyDto,
  LoginDto,
  RefreshDto,
  RegisterDto,
  ResetPasswordDto,
  SignedInDto,
  TokenDto,
  TokensDto,
} from './auth.dto.js';
import { PasswordChangeService } from './password-change.service.js';
import { SignInService } from './sign-in.service.js';

const {
  invalid_credentials,
  email_unverified,
  too_many_attempts,
  busy,
  invalid_refresh_token,
  invalid_or_expired_token,
  password_blocked,
} = identityProblems;

/** Signing in and everything that leads to it. */
@Controller('v1/auth')
@Public()
@ApiTags('sign-in')
export class AuthController {
  constructor(
    private readonly accounts: AccountService,
    private readonly passwords: PasswordChangeService,
    private readonly signIns: SignInService,
    private readonly sessions: SessionService,
  ) {}

  @Post('register')
  @Operation({
    id: 'register',
    summary: 'Makes a customer account',
    description:
      'Always 202: who has the address learns by mail whether there was an account already, and nobody else does.',
    answers: { 202: null },
    problems: [password_blocked, busy],
    rateLimited: true,
  })
  async register(
    @Body() input: RegisterDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.accounts.register(input, asking(request, reply));
  }

  @Post('login')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'login',
    summary: 'Signs in',
    description:
      'Failed attempts are counted by address and by network. After five for an address (ten from a known device) each further one waits longer, at most a quarter of an hour; after a hundred in a row the password has to be set anew by mail.',
    answers: { 200: SignedInDto },
    problems: [invalid_credentials, email_unverified, too_many_attempts, busy],
    rateLimited: true,
  })
  login(
    @Body() input: LoginDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    return this.signIns.signIn(input, deviceOf(request), asking(request, reply).announce);
  }

  @Post('refresh')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'refreshTokens',
    summary: 'Gives the next access and refresh token',
    description:
      'A refresh token works once (and for ten seconds more, for lost answers). One that is used again later ends the session.',
    answers: { 200: TokensDto },
    problems: [invalid_refresh_token],
  })
  refresh(@Body() { refreshToken }: RefreshDto): Promise<TokensDto> {
    return this.sessions.refresh(refreshToken);
  }

  @Post('logout')
  @Operation({ id: 'logout', summary: 'Ends the session of a refresh token', answers: { 204: null } })
  async logout(@Body() { refreshToken }: RefreshDto): Promise<void> {
    await this.sessions.signOut(refreshToken);
  }

  @Post('email/verification')
  @Operation({
    id: 'requestEmailVerification',
    summary: 'Mails a new link to verify the address',
    answers: { 202: null },
    rateLimited: true,
  })
  async askVerification(
    @Body() { email }: EmailOnlyDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.accounts.askVerification(email, asking(request, reply));
  }

  @Post('email/verify')
  @Operation({
    id: 'verifyEmail',
    summary: 'Verifies an address',
    answers: { 204: null },
    problems: [invalid_or_expired_token],
  })
  async verify(@Body() { token }: TokenDto): Promise<void> {
    await this.accounts.verifyEmail(token);
  }

  @Post('password/forgot')
  @Operation({
    id: 'forgotPassword',
    summary: 'Mails a link to set a new password',
    answers: { 202: null },
    rateLimited: true,
  })
  async forgot(
    @Body() { email }: EmailOnlyDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.accounts.forgotPassword(email, asking(request, reply));
  }

  @Post('password/reset')
  @Operation({
    id: 'resetPassword',
    summary: 'Sets a new password',
    description: 'Signs out everywhere, and in nowhere.',
    answers: { 204: null },
    problems: [invalid_or_expired_token, password_blocked, busy],
  })
  async reset(@Body() { token, password }: ResetPasswordDto): Promise<void> {
    await this.passwords.byLink(token, password);
  }
}

class JwksDto {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'RFC 7517.',
  })
  keys: object[];
}

@Controller('.well-known')
@Public()
@ApiTags('sign-in')
export class JwksController {
  constructor(private readonly tokens: AccessTokens) {}

  @Get('jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @Operation({
    id: 'getJwks',
    summary: 'The keys that access tokens are signed with',
    answers: { 200: JwksDto },
  })
  jwks(): { keys: object[] } {
    return this.tokens.jwks();
  }
}

function deviceOf(request: FastifyRequest): Device {
  return { ip: request.ip, userAgent: request.headers['user-agent'] ?? null };
}

function asking({ ip }: FastifyRequest, reply: FastifyReply): Asking {
  return { ip, announce: (headers) => void reply.headers(headers) };
}
