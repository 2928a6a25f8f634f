import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor, PersonActor } from '../../platform/access/actor.js';
import { etagOfVersion, IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { SessionsDto } from '../session/session.dto.js';
import { StaffDto } from './admin-account.controller.js';
import { StaffChangeService } from './staff-change.service.js';
import { StaffChangeDto } from './staff.dto.js';
import { StaffService } from './staff.service.js';

const { not_found, stale_version } = platformProblems;
const { last_administrator, not_invited, not_yourself, unknown_role } = identityProblems;

/** One of the staff. */
@Controller('v1/admin/staff/:id')
@ApiTags('People')
export class StaffController {
  constructor(
    private readonly staff: StaffService,
    private readonly changes: StaffChangeService,
  ) {}

  @Get()
  @Permissions('identity:staff:read')
  @Operation({
    id: 'getStaff',
    headers: ['ETag'],
    summary: 'Shows one of the staff',
    description: 'With its roles and version. Customers are not found here.',
    answers: { 200: StaffDto },
    problems: [not_found],
  })
  get(
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffDto> {
    return this.shown(id, reply);
  }

  @Patch()
  @Permissions('identity:staff:write')
  @Fresh()
  @Operation({
    id: 'updateStaff',
    headers: ['ETag'],
    summary: 'Gives one of the staff other roles, disables or enables',
    description:
      'It counts within a second, wherever that person is signed in. Nobody changes himself, or somebody who may do more than he.\n\n' +
      '`status: disabled` ends every session and revokes every API key that this person made; they do not come back with `active`. A program that has to go on gets a key from somebody else first.',
    answers: { 200: StaffDto },
    problems: [not_found, stale_version, unknown_role, not_yourself, last_administrator],
  })
  async update(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() input: StaffChangeDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: PersonActor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StaffDto> {
    await this.changes.change(id, input, version, actor);
    return this.shown(id, reply);
  }

  @Get('sessions')
  @Permissions('identity:staff:read')
  @Operation({
    id: 'listStaffSessions',
    summary: 'Lists where one of the staff is signed in',
    description: 'Live sessions, the newest first, with the network and the browser.',
    answers: { 200: SessionsDto },
    problems: [not_found],
  })
  async sessions(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<SessionsDto> {
    return { items: await this.staff.sessions(id, actor) };
  }

  @Delete('sessions')
  @Permissions('identity:staff:write')
  @Operation({
    id: 'revokeStaffSessions',
    summary: 'Signs one of the staff out everywhere',
    description:
      'Refresh tokens end at once, access tokens within a second. That person may sign in again. 403 for somebody who ' +
      'may do more than you.',
    answers: { 204: null },
    problems: [not_found],
  })
  async endSessions(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.changes.endSessions(id, actor);
  }

  @Delete('sessions/:sessionId')
  @Permissions('identity:staff:write')
  @Operation({
    id: 'revokeStaffSession',
    summary: 'Signs one of the staff out somewhere',
    description:
      'The session ends within a second, with its refresh token. 403 for somebody who may do more than you.',
    answers: { 204: null },
    problems: [not_found],
  })
  async endSession(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('sessionId', ParseUUIDPipe) sessionId: string,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.changes.endSession(id, sessionId, actor);
  }

  @Post('invitation')
  @Permissions('identity:staff:write')
  @Operation({
    id: 'inviteStaffAgain',
    summary: 'Mails a new invitation',
    description: 'The link of the older one ends. 403 for somebody who may do more than you.',
    answers: { 202: null },
    problems: [not_found, not_invited],
  })
  async inviteAgain(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.changes.inviteAgain(id, actor);
  }

  @Delete('invitation')
  @Permissions('identity:staff:write')
  @Operation({
    id: 'withdrawInvitation',
    summary: 'Takes an invitation back',
    description:
      'The account goes with it, and its address is free. 403 for somebody who may do more than you.',
    answers: { 204: null },
    problems: [not_found, not_invited],
  })
  async withdraw(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.changes.withdrawInvitation(id, actor);
  }

  private async shown(id: string, reply: FastifyReply): Promise<StaffDto> {
    const { version, ...member } = await this.staff.get(id);
    void reply.header('etag', etagOfVersion(version));
    return member;
  }
}
