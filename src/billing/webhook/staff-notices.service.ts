import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GatewayNoticeReceived } from '../billing.events.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { InboxRepository, type Notice } from './inbox.repository.js';

/** Notices in trouble, as staff see them and set them going again. */
@Injectable()
export class StaffNotices {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly gateway: PaymentGateway,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Newest first, from behind `after`. 404 for a gateway that this shop does not have. */
  async list(
    gateway: string,
    status: string | null,
    after: [string, string] | null,
    limit: number,
  ): Promise<Notice[]> {
    if (gateway !== this.gateway.code) throw platformProblems.not_found();
    return this.inbox.troubled(gateway, status, after, limit);
  }

  /** In the caller's transaction: the notice starts over and is worked soon. 404 when there is none or it is done. */
  async retry(gateway: string, eventId: string, actor: Actor): Promise<Notice> {
    const notice = await this.inbox.startOver(gateway, eventId, this.clock.now());
    if (notice === null) throw platformProblems.not_found();
    this.outbox.record(new GatewayNoticeReceived({ gateway, eventId }));
    const action = 'billing.gateway_event.retried';
    this.audit.record({ actor, action, subjectType: 'gateway_event', subjectId: eventId });
    return notice;
  }
}
