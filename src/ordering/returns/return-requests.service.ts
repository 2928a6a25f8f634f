import { Injectable } from '@nestjs/common';
import { may } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Holder } from '../cart/cart.access.js';
import { ReturnMoved } from '../ordering.events.js';
import { OrderAccess } from '../order/order-access.service.js';
import { isBought } from '../order/order.guards.js';
import { OrderRepository } from '../order/order.repository.js';
import type { AskForReturnDto } from './return.dto.js';
import { returnProblems } from './return.errors.js';
import { faultsOf, type OrderReturn, type ReturnState } from './return.js';
import { type ReturnFilter, ReturnRepository } from './return.repository.js';

/** What buyers ask to send back, and staff in their place. */
@Injectable()
export class ReturnRequests {
  constructor(
    private readonly database: Database,
    private readonly returns: ReturnRepository,
    private readonly orders: OrderRepository,
    private readonly access: OrderAccess,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks to send pieces back; 422 with the place of what cannot be. A piece is asked back once, whoever asks at the same
   * moment. Staff are not bound by the rule of the shop, but by what was sent.
   */
  async ask(orderId: string, holder: Holder, input: AskForReturnDto): Promise<OrderReturn> {
    const { actor } = holder;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const order = await this.orders.locked(orderId);
      if (!order || !(await this.access.mayChange(holder, order))) throw platformProblems.not_found();
      const byStaff = may(actor, 'ordering:order:write') && !(await this.access.opens(holder, order));
      if (!isBought(order)) throw returnProblems.order_not_returnable();
      const settings = await this.returns.settings();
      const errors = faultsOf(order, input.lines, settings, now, byStaff);
      if (errors.length > 0) throw returnProblems.return_not_possible(undefined, { errors });
      if (!(await this.returns.ask(orderId, input.lines))) throw returnProblems.return_not_possible();
      const id = newId();
      const state: ReturnState = settings.approveAtOnce ? 'approved' : 'requested';
      const askedBy = byStaff ? ('staff' as const) : ('shopper' as const);
      const { comment = null } = input;
      const lines = input.lines.map(({ lineId, quantity, reason }) => ({ lineId, quantity, reason }));
      await this.returns.insert({ id, orderId, state, askedBy, comment, createdAt: now, lines });
      const facts = { returnId: id, state, lines };
      await this.orders.note(orderId, order, { event: 'return_requested', actor, at: now, facts });
      this.outbox.record(new ReturnMoved({ returnId: id, orderId, state }));
      this.audit.record({
        actor,
        action: 'ordering.return.requested',
        subjectType: 'return',
        subjectId: id,
        details: { orderId, lines },
      });
      return this.read(id);
    });
  }

  /** Whoever the order is of gives up what they asked for, as long as nothing of it came. */
  async cancel(id: string, holder: Holder): Promise<OrderReturn> {
    return this.database.transaction(async () => {
      const orderId = await this.returns.orderOf(id);
      const order = orderId === null ? undefined : await this.orders.locked(orderId);
      if (!order || !(await this.access.mayChange(holder, order))) throw platformProblems.not_found();
      const one = await this.returns.locked(id);
      if (!one) throw platformProblems.not_found();
      const isOpen = one.state === 'requested' || one.state === 'approved';
      if (!isOpen || one.receipts.length > 0)
        throw returnProblems.return_decided(`The return is ${one.state}, or something of it came.`);
      const at = this.clock.now();
      const { actor } = holder;
      await this.returns.free(id);
      await this.returns.move(id, 'canceled', {}, at);
      await this.orders.note(order.id, order, {
        event: 'return_canceled',
        actor,
        at,
        facts: { returnId: id },
      });
      this.outbox.record(new ReturnMoved({ returnId: id, orderId: order.id, state: 'canceled' }));
      this.audit.record({ actor, action: 'ordering.return.canceled', subjectType: 'return', subjectId: id });
      return this.read(id);
    });
  }

  /** For whoever the order is of, and for staff. */
  async get(id: string, holder: Holder): Promise<OrderReturn> {
    const one = await this.returns.find(id);
    const order = one && (await this.orders.find(one.orderId));
    if (!one || !order || !(await this.access.mayRead(holder, order))) throw platformProblems.not_found();
    return one;
  }

  /** Those of one order, for whoever it is of. */
  async ofOrder(
    orderId: string,
    holder: Holder,
    after: string | null,
    limit: number,
  ): Promise<OrderReturn[]> {
    const order = await this.orders.find(orderId);
    if (!order || !(await this.access.mayRead(holder, order))) throw platformProblems.not_found();
    return this.returns.list({ orderId }, after, limit);
  }

  /** The newest first. */
  list(filter: ReturnFilter, after: string | null, limit: number): Promise<OrderReturn[]> {
    return this.returns.list(filter, after, limit);
  }

  private async read(id: string): Promise<OrderReturn> {
    const one = await this.returns.find(id);
    if (!one) throw platformProblems.not_found();
    return one;
  }
}
