import { Body, Controller, Delete, Get, Header, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Fresh, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { AWAY_SECONDS, browserCookie } from './browser-cookie.js';
import { AuthorizationDto, MyProvidersDto, ReturnDto } from './provider.dto.js';
import { ProviderFlowService } from './provider-flow.service.js';
import { ProviderLinkService } from './provider-link.service.js';

/** Providers that open my account. */
@Controller('v1/me/providers')
@Permissions('account:self')
@InPerson()
@ApiTags('Account')
export class MyProvidersController {
  constructor(
    private readonly links: ProviderLinkService,
    private readonly flows: ProviderFlowService,
  ) {}

  @Get()
  @Operation({
    id: 'listMyProviders',
    summary: 'Lists the providers that I can sign in with',
    description:
      'The links between my account and identities at providers: since when, and when each was last used to sign ' +
      'in. One that left the settings of the shop is listed and opens nothing.',
    answers: { 200: MyProvidersDto },
  })
  async list(@CurrentActor() actor: PersonActor): Promise<MyProvidersDto> {
    const links = await this.links.list(actor.id);
    return {
      items: links.map(({ provider, title, linkedAt, lastUsedAt }) => ({
        code: provider,
        title,
        linkedAt: linkedAt.toISOString(),
        lastUsedAt: lastUsedAt?.toISOString() ?? null,
      })),
    };
  }

  @Post(':code/link')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'linkMyProvider',
    summary: 'Begins to link a provider to my account',
    description:
      'Sets a cookie, so call it from the browser that you then send to `url`, within ten minutes. It comes back to ' +
      '`returnTo` with the code of the provider as `linked`, or with the code of a problem as `error`: ' +
      '`identity.already_linked`. The session must still be there then. The owner is told by mail.',
    answers: { 200: AuthorizationDto },
    problems: [
      identityProblems.already_linked,
      identityProblems.provider_unavailable,
      identityProblems.too_many_attempts,
    ],
  })
  async link(
    @Param('code') code: string,
    @Body() { returnTo }: ReturnDto,
    @CurrentActor() actor: PersonActor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorizationDto> {
    const { url, browser } = await this.flows.startLink(actor, code, returnTo);
    void reply.header('set-cookie', browserCookie.keep(browser, AWAY_SECONDS));
    return { url };
  }

  @Delete(':code')
  @Fresh()
  @Operation({
    id: 'unlinkMyProvider',
    summary: 'Takes a provider away from my account',
    description:
      'Sign-ins by it that are under way end; sessions go on. Refused when nothing else would open the account: no ' +
      'password and no other provider. The owner is told by mail.',
    answers: { 204: null },
    problems: [platformProblems.not_found, identityProblems.last_way_in],
  })
  async unlink(@Param('code') code: string, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.links.unlink(actor, code);
  }
}
