import { Body, Controller, Get, Header, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicWithoutToken } from '../../platform/access/access.js';
import { Operation } from '../../platform/http/operation.js';
import { SignedInDto } from '../account/auth.dto.js';
import { SecondFactorAskedDto } from '../factor/factor.dto.js';
import { deviceOf } from '../account/auth.controller.js';
import { identityProblems } from '../identity.errors.js';
import { isBrowser, RefreshCookie } from '../session/refresh-cookie.js';
import { AWAY_SECONDS, browserCookie, CODE_SECONDS } from './browser-cookie.js';
import { ExchangeDto, ProvidersDto, ReturnDto } from './provider.dto.js';
import { ProviderFlowService } from './provider-flow.service.js';
import { ProviderSignInService } from './provider-sign-in.service.js';

const { oidc_failed, provider_unavailable, too_many_attempts } = identityProblems;

/** Signing in with an OpenID Connect provider. */
@Controller('v1/auth/oidc')
@PublicWithoutToken()
@ApiTags('Sign-in')
export class ProviderController {
  constructor(
    private readonly flows: ProviderFlowService,
    private readonly signIns: ProviderSignInService,
  ) {}

  @Get()
  @Operation({
    id: 'listProviders',
    summary: 'Lists whom one can sign in with',
    description:
      'The OpenID Connect providers of the settings; none is in them unless the shop says so. A button for each leads ' +
      'to `GET /v1/auth/oidc/{code}/start`.',
    answers: { 200: ProvidersDto },
  })
  list(): ProvidersDto {
    return { items: this.flows.list() };
  }

  @Get(':code/start')
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'startProviderSignIn',
    summary: 'Sends the browser to a provider',
    description:
      'For the address bar, not for scripts: it sets a cookie and leads away (302). Within ten minutes the browser ' +
      'comes back to `returnTo` with a `code` for `POST /v1/auth/oidc/exchange`, or with the code of a problem as ' +
      '`error`: `identity.link_required` (the address has an account: sign in to it, then link) or ' +
      '`identity.address_required` (the provider vouches for no address).\n\n' +
      'Whom the provider has never sent gets a customer account with a verified address and without a password.',
    answers: { 302: null },
    headers: ['Location'],
    problems: [provider_unavailable, too_many_attempts],
  })
  async start(
    @Param('code') code: string,
    @Query() { returnTo }: ReturnDto,
    @Req() { ip }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { url, browser } = await this.flows.start(code, returnTo, ip);
    void reply.header('set-cookie', browserCookie.keep(browser, AWAY_SECONDS)).header('location', url);
  }

  @Get(':code/callback')
  @Header('cache-control', 'no-store')
  // The address of this page holds the code of the provider; the next one is not to be told.
  @Header('referrer-policy', 'no-referrer')
  @Operation({
    id: 'finishProviderSignIn',
    summary: 'Takes the browser back from a provider',
    description:
      'Only for browsers that a provider sends; this is the redirect URI to register there. It works once, within ten ' +
      'minutes, in the browser that was sent away, and leads on (302) to where the start said.',
    answers: { 302: null },
    headers: ['Location'],
    problems: [oidc_failed, provider_unavailable],
  })
  @ApiQuery({ name: 'state', required: false, schema: { type: 'string' }, description: 'Ours, unchanged.' })
  @ApiQuery({
    name: 'code',
    required: false,
    schema: { type: 'string' },
    description: 'Of the provider; what else it adds is taken too.',
  })
  async finish(
    @Param('code') code: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    // As it came, because the checks look for what is there twice.
    const answer = new URLSearchParams(request.url.split('?', 2)[1] ?? '');
    const browser = browserCookie.of(request);
    const { url, isSignIn } = await this.flows.finish(code, answer, browser);
    // The code that the page gets now is for this browser alone, if the page asks for that.
    const cookie =
      isSignIn && browser !== null ? browserCookie.keep(browser, CODE_SECONDS) : browserCookie.gone;
    void reply.header('set-cookie', cookie).header('location', url);
  }

  @Post('exchange')
  @RefreshCookie()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'exchangeProviderCode',
    summary: 'Changes the code of a browser that came back for tokens',
    description:
      'The code works once, for 60 seconds. An account with a second factor gets a challenge in the place of tokens, ' +
      'for `POST /v1/auth/mfa/verify`: the word of a provider is one factor.\n\n' +
      'In browser mode (`X-Requested-With: guildhall`) the code is good only in the browser that came back with it: ' +
      'nobody can sign a visitor in to somebody else’s account by a link with a code of his own.',
    answers: { 200: [SignedInDto, SecondFactorAskedDto] },
    problems: [oidc_failed],
  })
  async exchange(
    @Body() { code }: ExchangeDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto | SecondFactorAskedDto> {
    if (!isBrowser(request)) return this.signIns.exchange(code, deviceOf(request), 'any');
    const answer = await this.signIns.exchange(code, deviceOf(request), {
      browser: browserCookie.of(request) ?? '',
    });
    void reply.header('set-cookie', browserCookie.gone);
    return answer;
  }
}
