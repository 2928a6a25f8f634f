import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { CreateRoleDto, PermissionsDto, RoleDto, UpdateRoleDto } from './role.dto.js';
import { RoleService } from './role.service.js';

const { conflict, not_found, stale_version } = platformProblems;
const { role_built_in, role_in_use, unknown_permission } = identityProblems;
const CODE = { name: 'code', example: 'warehouse' };

/** Who may do what: roles and the permissions in them. */
@Controller('v1/admin')
@ApiTags('People')
export class RoleController {
  constructor(private readonly roles: RoleService) {}

  @Get('permissions')
  @Permissions('identity:role:read')
  @Operation({
    id: 'listPermissions',
    summary: 'Lists every permission, and the operations that ask for it',
    description: 'Roles and keys are made of these.',
    answers: { 200: PermissionsDto },
  })
  permissions(): PermissionsDto {
    return this.roles.permissions();
  }

  @Get('roles')
  @Permissions('identity:role:read')
  @Operation({
    id: 'listRoles',
    summary: 'Lists the roles',
    description: 'By code, each with its permissions.',
    answers: { 200: PageOf(RoleDto) },
  })
  list(@Query() query: PageQuery): Promise<Page<RoleDto>> {
    return this.roles.list(query);
  }

  @Post('roles')
  @Permissions('identity:role:write')
  @Fresh()
  @Operation({
    id: 'createRole',
    headers: ['ETag'],
    summary: 'Makes a role',
    description: 'Nobody gives a role what he may not do himself.',
    answers: { 201: RoleDto },
    problems: [conflict, unknown_permission],
  })
  async create(
    @Body() input: CreateRoleDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RoleDto> {
    return answered(reply, await this.roles.create(input, actor));
  }

  @Get('roles/:code')
  @Permissions('identity:role:read')
  @ApiParam(CODE)
  @Operation({
    id: 'getRole',
    headers: ['ETag'],
    summary: 'Shows a role',
    description: 'With its permissions and version.',
    answers: { 200: RoleDto },
    problems: [not_found],
  })
  async get(@Param('code') code: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<RoleDto> {
    return answered(reply, await this.roles.get(code));
  }

  @Patch('roles/:code')
  @Permissions('identity:role:write')
  @Fresh()
  @ApiParam(CODE)
  @Operation({
    id: 'updateRole',
    headers: ['ETag'],
    summary: 'Changes a role',
    description:
      'Whoever has it may do so within a second. Nobody adds a permission that he has not himself.',
    answers: { 200: RoleDto },
    problems: [not_found, stale_version, role_built_in, unknown_permission],
  })
  async update(
    @Param('code') code: string,
    @Body() input: UpdateRoleDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RoleDto> {
    return answered(reply, await this.roles.update(code, input, version, actor));
  }

  @Delete('roles/:code')
  @Permissions('identity:role:write')
  @Fresh()
  @ApiParam(CODE)
  @Operation({
    id: 'deleteRole',
    summary: 'Deletes a role that nobody has',
    description: 'The built-in administrator stays. A role that somebody has answers 409.',
    answers: { 204: null },
    problems: [not_found, stale_version, role_built_in, role_in_use],
  })
  async delete(
    @Param('code') code: string,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.roles.delete(code, version, actor);
  }
}

function answered(reply: FastifyReply, { version, ...role }: RoleDto & { version: number }): RoleDto {
  void reply.header('etag', etagOfVersion(version));
  return role;
}
