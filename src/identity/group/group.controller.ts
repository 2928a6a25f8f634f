import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { CreateGroupDto, GroupDto, GroupParams, UpdateGroupDto } from './group.dto.js';
import { GroupService } from './group.service.js';

const { not_found, stale_version, conflict } = platformProblems;

@Controller('v1/admin/customer-groups')
@ApiTags('Customer groups')
export class GroupController {
  constructor(private readonly groups: GroupService) {}

  @Get()
  @Permissions('identity:customer:read')
  @Operation({
    id: 'listCustomerGroups',
    summary: 'Lists customer groups',
    description: 'By code. Who is in one: `GET /v1/admin/customers?group=` with its code.',
    answers: { 200: PageOf(GroupDto) },
  })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<GroupDto>> {
    return this.groups.page(limit, cursor);
  }

  @Post()
  @Permissions('identity:customer:write')
  @Operation({
    id: 'createCustomerGroup',
    location: '/v1/admin/customer-groups/{id}',
    headers: ['ETag'],
    summary: 'Makes a customer group',
    description:
      'The code is what everything else knows the group by, so it stays as it is; the title may change. ' +
      '409 when there is a group of this code.',
    answers: { 201: GroupDto },
    problems: [conflict],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateGroupDto, @CurrentActor() actor: Actor): Promise<GroupDto> {
    return this.groups.create(input, actor);
  }

  @Get(':id')
  @Permissions('identity:customer:read')
  @Operation({
    id: 'getCustomerGroup',
    headers: ['ETag'],
    summary: 'Shows a customer group',
    description: 'Code, title and version; the `ETag` goes into `If-Match` of a change.',
    answers: { 200: GroupDto },
    problems: [not_found],
  })
  get(@Param() { id }: GroupParams): Promise<GroupDto> {
    return this.groups.get(id);
  }

  @Patch(':id')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'updateCustomerGroup',
    headers: ['ETag'],
    summary: 'Gives a customer group another title',
    description: 'Only the title changes; a group with another code is another group.',
    answers: { 200: GroupDto },
    problems: [not_found, stale_version],
  })
  update(
    @Param() { id }: GroupParams,
    @Body() input: UpdateGroupDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<GroupDto> {
    return this.groups.update(id, input, version, actor);
  }

  @Delete(':id')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'deleteCustomerGroup',
    summary: 'Removes a customer group',
    description:
      'Only one that nobody is in: 409 `identity.group_in_use` otherwise. Take the members out first, ' +
      'with `DELETE /v1/admin/customers/{id}/groups/{code}`.',
    answers: { 204: null },
    problems: [not_found, stale_version, identityProblems.group_in_use],
  })
  async delete(
    @Param() { id }: GroupParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.groups.delete(id, version, actor);
  }
}
