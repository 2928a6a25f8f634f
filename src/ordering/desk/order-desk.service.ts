import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { OrderHoldChanged } from '../ordering.events.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { deskProblems } from './order-desk.errors.js';
import { OrderDeskRepository } from './order-desk.repository.js';
import { foldTag, type OrderNote } from './order-note.js';

/** How staff keep an order from being sent, find it again and write down what they know of it. */
@Injectable()
export class OrderDesk {
  constructor(
    private readonly database: Database,
    private readonly desk: OrderDeskRepository,
    private readonly orders: OrderRepository,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Nothing of it is sent until it is released. */
  async hold(id: string, reason: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'held', reason, async (at) => {
      if (!(await this.desk.hold(id, reason, at))) throw deskProblems.hold_refused();
      this.outbox.record(new OrderHoldChanged({ orderId: id, held: true }));
    });
  }

  async release(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'released', null, async () => {
      if (!(await this.desk.release(id))) throw deskProblems.hold_refused('It is not on hold.');
      this.outbox.record(new OrderHoldChanged({ orderId: id, held: false }));
    });
  }

  /** These tags in place of those that it had. */
  async tag(id: string, tags: readonly string[], version: number | null, actor: Actor): Promise<void> {
    const folded = [...new Set(tags.map(foldTag))].sort();
    await this.change(id, version, actor, 'tagged', null, () => this.desk.tag(id, folded));
  }

  async addNote(orderId: string, body: string, actor: Actor): Promise<OrderNote> {
    const note: OrderNote = {
      id: newId(),
      body,
      actorKind: actor.kind,
      actorId: actorId(actor),
      createdAt: this.clock.now(),
    };
    await this.database.transaction(async () => {
      if (!(await this.orders.glance(orderId))) throw platformProblems.not_found();
      await this.desk.addNote(orderId, note);
      this.audit.record({
        actor,
        action: 'ordering.order.noted',
        subjectType: 'order',
        subjectId: orderId,
        details: { noteId: note.id },
      });
    });
    return note;
  }

  /** The newest first. */
  async notes(orderId: string, after: string | null, limit: number): Promise<OrderNote[]> {
    if (!(await this.orders.glance(orderId))) throw platformProblems.not_found();
    return this.desk.notes(orderId, after, limit);
  }

  private async change(
    id: string,
    version: number | null,
    actor: Actor,
    event: string,
    note: string | null,
    deed: (at: Date) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const order: Order | undefined = await this.orders.locked(id);
      if (!order) throw platformProblems.not_found();
      requireVersion(version, order.version);
      const at = this.clock.now();
      await deed(at);
      await this.orders.note(id, order, { event, actor, at, ...(note !== null && { note }) });
      this.audit.record({ actor, action: `ordering.order.${event}`, subjectType: 'order', subjectId: id });
    });
  }
}
