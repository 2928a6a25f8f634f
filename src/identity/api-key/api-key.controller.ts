import { Body, Controller, Delete, Get, Header, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { ApiKeyDto, ApiKeyQuery, CreateApiKeyDto, NewApiKeyDto, RotateApiKeyDto } from './api-key.dto.js';
import { ApiKeyService } from './api-key.service.js';

/** What programs sign in with. */
@Controller('v1/admin/api-keys')
@ApiTags('Keys')
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  @Get()
  @Permissions('identity:api-key:read')
  @Operation({
    id: 'listApiKeys',
    summary: 'Lists the keys of programs, the newest first',
    description: 'Never with their secrets; filters by status and creator.',
    answers: { 200: PageOf(ApiKeyDto) },
  })
  list(@Query() query: ApiKeyQuery): Promise<Page<ApiKeyDto>> {
    return this.keys.list(query);
  }

  @Post()
  @Permissions('identity:api-key:write')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'createApiKey',
    summary: 'Makes a key for a program',
    description:
      'The key is shown this once. It may do what its scopes say as long as you may do it yourself, and goes into `Authorization: Bearer …` or to `POST /v1/oauth/token`.',
    answers: { 201: NewApiKeyDto },
    problems: [identityProblems.unknown_permission],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateApiKeyDto, @CurrentActor() actor: PersonActor): Promise<NewApiKeyDto> {
    return this.keys.create(input, actor);
  }

  @Get(':id')
  @Permissions('identity:api-key:read')
  @Operation({
    id: 'getApiKey',
    summary: 'Shows a key, without its secret',
    description: 'What it may do, until when, from where, and when it was used last.',
    answers: { 200: ApiKeyDto },
    problems: [platformProblems.not_found],
  })
  get(@Param('id', ParseUUIDPipe) id: string): Promise<ApiKeyDto> {
    return this.keys.get(id);
  }

  @Post(':id/rotation')
  @Permissions('identity:api-key:write')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'rotateApiKey',
    summary: 'Gives a key a new secret',
    description:
      'The old one goes on for a while, so that programs can change over; of several rotations only the last old one does. With `overlapHours: 0` it ends at once, and tokens that were got with it end too. You must have every permission of the key yourself.',
    answers: { 200: NewApiKeyDto },
    problems: [platformProblems.not_found, platformProblems.conflict],
    idempotency: 'accepted',
  })
  rotate(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: RotateApiKeyDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<NewApiKeyDto> {
    return this.keys.rotate(id, input, actor);
  }

  @Delete(':id')
  @Permissions('identity:api-key:write')
  @Operation({
    id: 'revokeApiKey',
    summary: 'Ends a key, and the tokens that were got with it',
    description: 'Within a second in every process; it cannot be undone.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async revoke(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.keys.revoke(id, actor);
  }
}
