import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GatewayNoticeReceived } from '../billing.events.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { InboxRepository } from './inbox.repository.js';
import { GatewayEventDto, type GatewayEventQuery } from './notice.dto.js';

/** Notices in trouble, as staff see them and set them going again. */
@Injectable()
export class StaffNotices {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly gateway: PaymentGateway,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** A page of them, newest first. 404 for a gateway that this shop does not have. */
  async list(code: string, query: GatewayEventQuery): Promise<Page<GatewayEventDto>> {
    const { limit, cursor, status = null } = query;
    if (code !== this.gateway.code) throw platformProblems.not_found();
    const list = `gateway events ${JSON.stringify([code, status])}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.inbox.troubled(code, status, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, (row) => [row.received_at.toISOString(), row.event_id]);
    return { ...page, items: page.items.map((row) => GatewayEventDto.from(row)) };
  }

  /** In the caller's transaction: nothing has to be done about it. 404 when there is none that waits for a person. */
  async dismiss(code: string, eventId: string, reason: string, actor: Actor): Promise<void> {
    if ((await this.inbox.dismiss(code, eventId, reason)) === null) throw platformProblems.not_found();
    const action = 'billing.gateway_event.dismissed';
    this.audit.record({ actor, action, subjectType: 'gateway_event', subjectId: eventId });
  }

  /** In the caller's transaction: the notice starts over and is worked soon. 404 when there is none or it is done. */
  async retry(code: string, eventId: string, actor: Actor): Promise<GatewayEventDto> {
    const notice = await this.inbox.startOver(code, eventId, this.clock.now());
    if (notice === null) throw platformProblems.not_found();
    this.outbox.record(new GatewayNoticeReceived({ gateway: code, eventId }));
    const action = 'billing.gateway_event.retried';
    this.audit.record({ actor, action, subjectType: 'gateway_event', subjectId: eventId });
    return GatewayEventDto.from(notice);
  }
}
