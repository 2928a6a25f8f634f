import { Body, Controller, Get, Header, type OnModuleInit, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Clients, CurrentActor, Public } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import type { Announce } from '../throttle/rate-limit.js';
import { PUBLISHED_SECONDS } from './key-times.js';
import {
  IntrospectionDto,
  OAuthMetadataDto,
  TokenInQuestionDto,
  TokenRequestDto,
  TokenResponseDto,
} from './oauth.dto.js';
import type { ShownClient } from './oauth-clients.service.js';
import { OAuthService } from './oauth.service.js';
import { TokenInquiry } from './token-inquiry.service.js';

const PATH = 'v1/oauth';
const FORM = 'application/x-www-form-urlencoded';

const { invalid_client, invalid_grant, invalid_scope } = identityProblems;
const { forbidden, too_many_requests, unauthorized } = platformProblems;

/** Tokens for programs. */
@Controller(PATH)
@ApiTags('Sign-in')
export class OAuthController implements OnModuleInit {
  constructor(
    private readonly oauth: OAuthService,
    private readonly inquiries: TokenInquiry,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** OAuth is spoken in forms, and only here: everywhere else they stay unsupported. */
  onModuleInit(): void {
    // A program without a server has none.
    const server = this.adapter.httpAdapter?.getInstance<FastifyInstance>();
    server?.addContentTypeParser(FORM, { parseAs: 'string' }, (request, body, done) => {
      if (!request.routeOptions.url?.startsWith(`/${PATH}/`)) return done(refusal(415));
      const entries = [...new URLSearchParams(String(body))];
      const form = Object.fromEntries(entries);
      // RFC 6749 3.2: nothing comes twice.
      if (Object.keys(form).length === entries.length) done(null, form);
      else done(refusal(400));
    });
  }

  @Post('token')
  @Clients('client')
  @Header('cache-control', 'no-store')
  @ApiConsumes('application/json', FORM)
  @Operation({
    id: 'issueToken',
    summary: 'Gives a program a token for its key',
    description:
      'RFC 6749 4.4, as a form or as JSON; refusals are problem documents. The token lives for ten minutes, and never longer than its key or what the creator of the key may do.',
    answers: { 200: TokenResponseDto },
    problems: [invalid_client, invalid_grant, invalid_scope, too_many_requests, unauthorized],
    rateLimited: true,
  })
  issue(
    @Body() input: TokenRequestDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenResponseDto> {
    return this.oauth.issue(input, clientOf(request, input), announceOn(reply));
  }

  @Post('introspect')
  @Clients('client', 'bearer', 'apiKey')
  @Header('cache-control', 'no-store')
  @ApiConsumes('application/json', FORM)
  @Operation({
    id: 'introspectToken',
    summary: 'Says what a token or key of a program is worth now',
    description:
      'RFC 7662, for staff with `identity:api-key:read` and for programs whose key the same person made. For all else, tokens of people too, `active` is false.',
    answers: { 200: IntrospectionDto },
    problems: [invalid_client, too_many_requests, unauthorized, forbidden],
    rateLimited: true,
  })
  introspect(
    @Body() input: TokenInQuestionDto,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IntrospectionDto> {
    return this.inquiries.introspect(input.token, actor, clientOf(request, input), announceOn(reply));
  }

  @Post('revoke')
  @Clients('client', 'bearer', 'apiKey')
  @ApiConsumes('application/json', FORM)
  @Operation({
    id: 'revokeToken',
    summary: 'Takes a token of a program back, or ends a key',
    description:
      'RFC 7009, for staff with `identity:api-key:write` and for programs whose key the same person made. What is unknown is no fault.',
    answers: { 200: null },
    problems: [invalid_client, too_many_requests, unauthorized, forbidden],
    rateLimited: true,
  })
  async revoke(
    @Body() input: TokenInQuestionDto,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.inquiries.revoke(input.token, actor, clientOf(request, input), announceOn(reply));
  }
}

@Controller('.well-known')
@Public()
@ApiTags('Sign-in')
export class OAuthMetadataController {
  constructor(private readonly oauth: OAuthService) {}

  @Get('oauth-authorization-server')
  @Header('cache-control', `public, max-age=${PUBLISHED_SECONDS}`)
  @Operation({
    id: 'getOAuthMetadata',
    summary: 'Where programs get their tokens, and how (RFC 8414)',
    description: 'For libraries that configure themselves.',
    answers: { 200: OAuthMetadataDto },
  })
  metadata(): OAuthMetadataDto {
    return this.oauth.metadata();
  }
}

const refusal = (statusCode: number) => Object.assign(new Error('refused'), { statusCode });

const clientOf = (
  { ip, headers: { authorization } }: FastifyRequest,
  { client_id, client_secret }: { client_id?: string; client_secret?: string },
): ShownClient => ({
  ip,
  authorization,
  ...(client_id !== undefined && { client_id }),
  ...(client_secret !== undefined && { client_secret }),
});

const announceOn =
  (reply: FastifyReply): Announce =>
  (headers) =>
    void reply.headers(headers);
