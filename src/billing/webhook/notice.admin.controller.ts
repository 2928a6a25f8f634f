import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { DismissGatewayEventDto, GatewayEventDto, GatewayEventQuery } from './notice.dto.js';
import { StaffNotices } from './staff-notices.service.js';

const GatewayEventPage = PageOf(GatewayEventDto);

/** What gateways told and this shop could not work, for staff. */
@ApiTags('Gateway webhooks')
@Permissions('billing:payment:read')
@Controller('v1/admin/gateways/:code/events')
export class NoticeAdminController {
  constructor(private readonly notices: StaffNotices) {}

  @Get()
  @Operation({
    id: 'listGatewayEvents',
    summary: 'List the notices of a gateway that are in trouble, newest first',
    description:
      'Those that failed and are tried again by themselves (`received`), and those that wait for a ' +
      'person (`orphan`, `conflict`, `stuck`). Notices that were worked are not here. 404 for a gateway ' +
      'that this shop does not have.',
    answers: { 200: GatewayEventPage },
    problems: [platformProblems.not_found, platformProblems.invalid_cursor],
  })
  list(@Param('code') code: string, @Query() query: GatewayEventQuery): Promise<Page<GatewayEventDto>> {
    return this.notices.list(code, query);
  }

  @Post(':eventId/retry')
  @Permissions('billing:refund:write')
  @Operation({
    id: 'retryGatewayEvent',
    summary: 'Work a notice again, from its first try',
    description:
      '202: its failures start at zero and it is worked within a moment. What it says is read again at ' +
      'the gateway, so that repeating it moves no money twice. 404 when there is no such notice or it is ' +
      'done.',
    answers: { 202: GatewayEventDto },
    problems: [platformProblems.not_found],
    idempotency: 'required',
  })
  retry(
    @Param('code') code: string,
    @Param('eventId') eventId: string,
    @CurrentActor() actor: Actor,
  ): Promise<GatewayEventDto> {
    return this.notices.retry(code, eventId, actor);
  }

  @Post(':eventId/dismissal')
  @Permissions('billing:refund:write')
  @Operation({
    id: 'dismissGatewayEvent',
    example: { reason: 'A charge of another shop' },
    summary: 'Let a notice be',
    description:
      'For one that waits for a person (`orphan`, `conflict`, `stuck`), when nothing has to be done about it. Who said so, and ' +
      'why, is kept. 404 when there is no such notice or it does not wait.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
    idempotency: 'accepted',
  })
  async dismiss(
    @Param('code') code: string,
    @Param('eventId') eventId: string,
    @Body() { reason }: DismissGatewayEventDto,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.notices.dismiss(code, eventId, reason, actor);
  }
}
