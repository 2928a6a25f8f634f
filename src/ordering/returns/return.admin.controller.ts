import { Body, Controller, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  ApproveReturnDto,
  DeclineReturnDto,
  LabelDto,
  ReceiveReturnDto,
  OrderReturnDto,
  ReturnParams,
  ReturnQuery,
  ReturnSettingsDto,
  ReturnSettingsViewDto,
} from './return.dto.js';
import { returnProblems } from './return.errors.js';
import { returnView } from './return.view.js';
import { ReturnHandling } from './return-handling.service.js';
import { ReturnRequests } from './return-requests.service.js';
import { ReturnSettingsService } from './return-settings.service.js';

const { not_found, stale_version } = platformProblems;

@ApiTags('Returns')
@Controller('/v1/admin')
export class ReturnAdminController {
  constructor(
    private readonly requests: ReturnRequests,
    private readonly returns: ReturnHandling,
    private readonly settings: ReturnSettingsService,
    private readonly cursors: Cursors,
  ) {}

  @Get('/returns')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'listReturns',
    summary: 'Find returns',
    description:
      'By state, order, number or time of asking, the newest first. `state=requested` waits for an answer, `state=received` ' +
      'to be settled.',
    answers: { 200: PageOf(OrderReturnDto) },
  })
  async list(@Query() query: ReturnQuery): Promise<Page<OrderReturnDto>> {
    const { limit, cursor, createdAt, ...exact } = query;
    const filter = {
      ...exact,
      ...(createdAt?.gte !== undefined && { from: createdAt.gte }),
      ...(createdAt?.lte !== undefined && { to: createdAt.lte }),
    };
    const name = `returns:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(name, cursor) ?? [];
    const rows = await this.requests.list(filter, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(name, rows, limit, (row) => [row.id]);
    return { items: items.map(returnView), nextCursor };
  }

  @Post('/returns/:id/approval')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'approveReturn',
    example: { answer: 'Put the number on the parcel.', labelUrl: 'https://labels.example.test/501.pdf' },
    headers: ['ETag'],
    summary: 'Approve a return',
    description:
      'The buyer gets a letter with the answer and, if there is one, the label: where the PDF is that your carrier has made. ' +
      '`PUT /v1/admin/returns/{id}/label` adds it later.',
    answers: { 200: OrderReturnDto },
    problems: [returnProblems.return_decided, not_found, stale_version],
  })
  async approve(
    @CurrentActor() actor: Actor,
    @Param() { id }: ReturnParams,
    @Body() body: ApproveReturnDto,
    @IfMatch() version: number | null,
  ): Promise<OrderReturnDto> {
    return returnView(await this.returns.approve(id, body ?? {}, version, actor));
  }

  @Post('/returns/:id/decline')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'declineReturn',
    headers: ['ETag'],
    summary: 'Decline a return',
    description:
      'The buyer gets a letter that says why. Also of what came and is not taken back; not of what was put into the stock.',
    answers: { 200: OrderReturnDto },
    problems: [returnProblems.return_decided, returnProblems.return_restocked, not_found, stale_version],
  })
  async decline(
    @CurrentActor() actor: Actor,
    @Param() { id }: ReturnParams,
    @Body() { answer }: DeclineReturnDto,
    @IfMatch() version: number | null,
  ): Promise<OrderReturnDto> {
    return returnView(await this.returns.decline(id, answer, version, actor));
  }

  @Put('/returns/:id/label')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'setReturnLabel',
    example: { labelUrl: 'https://labels.example.test/501.pdf' },
    headers: ['ETag'],
    summary: 'Put a label on a return',
    description: 'Of an approved one: where the buyer finds the label to print, or another in its place.',
    answers: { 200: OrderReturnDto },
    problems: [returnProblems.return_decided, not_found, stale_version],
  })
  async label(
    @CurrentActor() actor: Actor,
    @Param() { id }: ReturnParams,
    @Body() { labelUrl }: LabelDto,
    @IfMatch() version: number | null,
  ): Promise<OrderReturnDto> {
    return returnView(await this.returns.label(id, labelUrl, version, actor));
  }

  @Post('/returns/:id/receipts')
  @Permissions('ordering:order:write')
  @Operation({
    id: 'receiveReturn',
    example: {
      lines: [
        {
          lineId: '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e',
          quantity: 1,
          condition: 'new',
          restockAt: 'main',
        },
      ],
    },
    headers: ['ETag'],
    summary: 'Receive what came back',
    description:
      'Piece by piece in its condition. What is restocked can be sold again at once; nothing is by itself. When all came, or the ' +
      'rest is `complete` without it, the return is `received`: settle it by a change of the order with its `returnId`, ' +
      'of kind `return` or `exchange`.',
    answers: { 200: OrderReturnDto },
    problems: [
      returnProblems.return_decided,
      returnProblems.return_not_possible,
      'catalog.unknown_location',
      'catalog.stock_untracked',
      not_found,
      stale_version,
    ],
    idempotency: 'required',
  })
  async receive(
    @CurrentActor() actor: Actor,
    @Param() { id }: ReturnParams,
    @Body() body: ReceiveReturnDto,
    @IfMatch() version: number | null,
  ): Promise<OrderReturnDto> {
    return returnView(await this.returns.receive(id, body, version, actor));
  }

  @Get('/return-settings')
  @Permissions('ordering:order:read')
  @Operation({
    id: 'getReturnSettings',
    headers: ['ETag'],
    summary: 'Read the rule of returns',
    description: 'Until when buyers may ask to send goods back, and which goods are final.',
    answers: { 200: ReturnSettingsViewDto },
  })
  getSettings(): Promise<ReturnSettingsViewDto> {
    return this.settings.get();
  }

  @Put('/return-settings')
  @Permissions('ordering:settings:write')
  @Operation({
    id: 'putReturnSettings',
    example: { windowDays: 30, approveAtOnce: false, excludedProducts: [] },
    headers: ['ETag'],
    summary: 'Set the rule of returns',
    description: 'It holds for what is asked from now on. Staff are not bound by it.',
    answers: { 200: ReturnSettingsViewDto },
    problems: [stale_version],
  })
  putSettings(
    @CurrentActor() actor: Actor,
    @Body() body: ReturnSettingsDto,
    @IfMatch() version: number | null,
  ): Promise<ReturnSettingsViewDto> {
    return this.settings.put(body, version, actor);
  }
}
