import { Body, Controller, Get, Header, Post, Req, Res } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, PublicWithoutToken } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { onlyOneOf } from '../../platform/http/validation.js';
import { SecondFactorAskedDto, VerifySecondFactorDto } from '../factor/factor.dto.js';
import { SecondStepService } from '../factor/second-step.service.js';
import { identityProblems } from '../identity.errors.js';
import { forgetRefreshToken, RefreshCookie, refreshTokenOf } from '../session/refresh-cookie.js';
import { type Device, SessionService } from '../session/session.service.js';
import type { Asking } from '../throttle/mail-quota.service.js';
import { KeyRing } from '../token/key-ring.service.js';
import { PUBLISHED_SECONDS } from '../token/key-times.js';
import { AccountService } from './account.service.js';
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
  invalid_code,
  challenge_expired,
  email_unverified,
  too_many_attempts,
  busy,
  invalid_refresh_token,
  invalid_or_expired_token,
  password_blocked,
} = identityProblems;

const REFRESH_EXAMPLE = {
  refreshToken: 'rt_01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.0.kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
};

/** Signing in and everything that leads to it. */
@Controller('v1/auth')
@PublicWithoutToken()
@ApiTags('Sign-in')
export class AuthController {
  constructor(
    private readonly accounts: AccountService,
    private readonly passwords: PasswordChangeService,
    private readonly signIns: SignInService,
    private readonly secondSteps: SecondStepService,
    private readonly sessions: SessionService,
  ) {}

  @Post('register')
  @Operation({
    id: 'register',
    summary: 'Makes a customer account',
    description:
      'Always 202: who has the address learns by mail whether there was an account already, and nobody ' +
      'else does.\n\n' +
      'The mail has a link that verifies the address; it works once, for 24 hours, and only then `POST ' +
      '/v1/auth/login` lets the account in. A password has at least 15 characters unless the store says ' +
      'otherwise; `identity.password_blocked` says what is wrong with one.\n\n' +
      'A network may cause 20 mails an hour and an address gets three an hour and ten a day; beyond that ' +
      'the answer is the same and no mail leaves. After 100 tries of a network in an hour nothing is done ' +
      'for it any more: 429, which says nothing of the address.',
    answers: { 202: null },
    problems: [password_blocked, too_many_attempts, busy],
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
  @RefreshCookie()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'login',
    summary: 'Signs in',
    description:
      'Answers an access token (a JWT for `Authorization: Bearer`, good for `expiresIn` seconds) and a ' +
      'refresh token for `POST /v1/auth/refresh`. With `passwordChangeRequired` the access token serves ' +
      '`POST /v1/me/password` alone.\n\n' +
      'Keep `deviceToken` on the device and send it with the next sign-in. Failed attempts are counted ' +
      'by address and by network: after five for an address (ten from a known device) each further one ' +
      'waits longer, at most a quarter of an hour; after a hundred in a row the password has to be set ' +
      'anew by mail. 429 says in `Retry-After` how many seconds to wait.\n\n' +
      'An account with a second factor gets a challenge in the place of tokens, for ' +
      '`POST /v1/auth/mfa/verify`.\n\n' +
      '**Browser mode.** A storefront in a browser sends `X-Requested-With: guildhall` and `credentials: "include"` ' +
      'with everything that gives or takes a refresh token. The token is then not in the body but in the cookie ' +
      '`__Host-rt` (`HttpOnly`, `SameSite=Strict`), and `POST /v1/auth/refresh` and `/logout` take it from there, with ' +
      'no body. The page must be of the same site as this API, and of its origin or one that `CORS_ORIGINS` lists.',
    answers: { 200: [SignedInDto, SecondFactorAskedDto] },
    problems: [invalid_credentials, email_unverified, too_many_attempts, busy],
    rateLimited: true,
  })
  login(
    @Body() input: LoginDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto | SecondFactorAskedDto> {
    return this.signIns.signIn(input, deviceOf(request), asking(request, reply).announce);
  }

  @Post('mfa/verify')
  @RefreshCookie()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'verifySecondFactor',
    summary: 'Signs in with the second factor',
    description:
      'With the challenge that followed the password, or the code of a provider, and either `code` or `recoveryCode`. A challenge takes five codes, an account ten wrong ones in a quarter of an hour.',
    answers: { 200: SignedInDto },
    problems: [invalid_code, challenge_expired, too_many_attempts, busy],
    example: { challenge: '3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', code: '492039' },
  })
  verifySecondFactor(
    @Body() input: VerifySecondFactorDto,
    @Req() request: FastifyRequest,
  ): Promise<SignedInDto> {
    onlyOneOf(input, ['code', 'recoveryCode']);
    return this.secondSteps.verify(input.challenge, input, deviceOf(request));
  }

  @Post('refresh')
  @RefreshCookie()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'refreshTokens',
    summary: 'Gives the next access and refresh token',
    description:
      'Gives a new access token and a new refresh token; keep both and forget the old ones. A refresh ' +
      'token works once (and for ten seconds more, for lost answers): one that is used again later ends ' +
      'the session, because it may have been stolen.\n\n' +
      'A session of a customer ends after 30 days without a refresh and after 90 days at the latest; one ' +
      'of staff after an hour and after twelve. 401 means: sign in again.\n\n' +
      'With `X-Requested-With: guildhall` and without `refreshToken` it takes the one of the cookie `__Host-rt`, and ' +
      'the next one is in the cookie too; after 401 the cookie is gone. Without that header the cookie is not looked at.',
    answers: { 200: TokensDto },
    problems: [invalid_refresh_token],
    example: REFRESH_EXAMPLE,
  })
  refresh(@Body() input: RefreshDto, @Req() request: FastifyRequest): Promise<TokensDto> {
    return this.sessions.refresh(refreshTokenOf(request, input.refreshToken));
  }

  @Post('logout')
  @RefreshCookie()
  @Operation({
    id: 'logout',
    summary: 'Ends the session of a refresh token',
    description:
      'The refresh token and the access tokens of its session stop working within a second. 204 also ' +
      'when the session was over already, so that it may be repeated. In browser mode it takes the token of ' +
      'the cookie, and the cookie away.',
    answers: { 204: null },
    example: REFRESH_EXAMPLE,
  })
  async logout(
    @Body() input: RefreshDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.signOut(refreshTokenOf(request, input.refreshToken));
    forgetRefreshToken(request, reply);
  }

  @Post('email/verification')
  @Operation({
    id: 'requestEmailVerification',
    summary: 'Mails a new link to verify the address',
    description:
      'Always 202, whether the address has an account or not. An account that is not verified yet gets a ' +
      'new link, good once and for 24 hours, within the same limits as `POST /v1/auth/register`.',
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
    description:
      'Takes the `token` of the link in the mail; it works once. After 204 the account can sign in. 400 ' +
      '`identity.invalid_or_expired_token`: ask for another link with `POST /v1/auth/email/verification`.',
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
    description:
      'Always 202, whether the address has an account or not. An account gets a link that works once, ' +
      'for 30 minutes; its token goes to `POST /v1/auth/password/reset`. The limits for mails are those ' +
      'of `POST /v1/auth/register`.',
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
    description:
      'Takes the `token` of the link in the mail: of a forgotten password (30 minutes) or of the ' +
      'invitation of a new member of staff (72 hours). It verifies the address too, signs out everywhere ' +
      'and lifts the wait after failed attempts.\n\n' +
      '204 signs in nowhere: go on with `POST /v1/auth/login`.',
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
@ApiTags('Sign-in')
export class JwksController {
  constructor(private readonly ring: KeyRing) {}

  @Get('jwks.json')
  @Header('cache-control', `public, max-age=${PUBLISHED_SECONDS}`)
  @Operation({
    id: 'getJwks',
    summary: 'The keys that access tokens are signed with',
    description:
      'The public keys as a JWK set (RFC 7517), for services that check access tokens themselves. May be ' +
      'kept for five minutes; a token names its key in `kid`.',
    answers: { 200: JwksDto },
  })
  jwks(): { keys: object[] } {
    return this.ring.jwks();
  }
}

export function deviceOf(request: FastifyRequest): Device {
  return { ip: request.ip, userAgent: request.headers['user-agent'] ?? null };
}

function asking({ ip }: FastifyRequest, reply: FastifyReply): Asking {
  return { ip, announce: (headers) => void reply.headers(headers) };
}
