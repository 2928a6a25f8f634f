import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { orderProblems } from '../order/order.errors.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { FulfilmentTracked } from '../ordering.events.js';
import { Dispatch, requireSendable } from './dispatch.service.js';
import {
  deliveredByCarrier,
  type Fulfilment,
  type FulfilmentState,
  hasLeft,
  NEXT_STATES,
} from './fulfilment.js';
import type { DeliverFulfilmentDto, ShipmentDto } from './fulfilment.dto.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import { FulfilmentRepository } from './fulfilment.repository.js';
import { shipmentOf } from './shipment.js';

interface Open {
  order: Order;
  fulfilment: Fulfilment;
  payments: PaymentView[];
}

/** The way of a fulfilment after it was planned. Every step is compare-and-set under the lock of its order, and told in both histories. */
@Injectable()
export class FulfilmentMoves {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly fulfilments: FulfilmentRepository,
    private readonly dispatch: Dispatch,
    private readonly billing: BillingApi,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async pack(actor: Actor, id: string, input: ShipmentDto, version: number | null): Promise<void> {
    await this.within(id, version, async (open) => {
      requireMoney(open);
      await this.describe(open, input, actor);
      await this.move(open, 'packed', actor);
      await this.dispatch.planned(open.order, 'fulfilment_packed', actor);
    });
  }

  /** The pieces leave the stock, the order moves on, and the buyer is told. */
  async ship(actor: Actor, id: string, input: ShipmentDto, version: number | null): Promise<void> {
    await this.within(id, version, async (open) => {
      requireMoney(open);
      await this.describe(open, input, actor);
      await this.move(open, 'shipped', actor);
      await this.dispatch.sent(open.order, [open.fulfilment], actor);
    });
  }

  /** By a person who knows: `deliveredAt` is not after now. */
  async deliver(
    actor: Actor,
    id: string,
    input: DeliverFulfilmentDto,
    version: number | null,
  ): Promise<void> {
    const now = this.clock.now();
    const at = input.deliveredAt === undefined ? now : new Date(input.deliveredAt);
    if (at > now)
      throw platformProblems.invalid_input(undefined, {
        errors: [{ pointer: '/deliveredAt', code: 'in_the_future', message: 'must not be after now' }],
      });
    await this.within(id, version, (open) => this.arrive(open, at, actor));
  }

  /**
   * Delivered when its carrier has said so of every parcel. Anything else changes nothing, so that it may be asked again and again,
   * and before the fulfilment has left.
   */
  async deliverWhenArrived(id: string, actor: Actor): Promise<void> {
    await this.within(id, null, async (open) => {
      const at = deliveredByCarrier(open.fulfilment);
      if (at === null || open.fulfilment.state !== 'shipped') return;
      const now = this.clock.now();
      await this.arrive(open, at > now ? now : at, actor);
    });
  }

  /** Before it has left: its pieces are free to be planned again. */
  async cancel(actor: Actor, id: string, note: string | null, version: number | null): Promise<void> {
    await this.within(id, version, async (open) => {
      await this.move(open, 'canceled', actor, note);
      await this.dispatch.planned(open.order, 'fulfilment_canceled', actor);
    });
  }

  /** Carrier, service and parcels, at any time: a number may be known late, or was mistyped. */
  async change(actor: Actor, id: string, input: ShipmentDto, version: number | null): Promise<void> {
    await this.within(id, version, async (open) => {
      const { order, fulfilment } = open;
      if (fulfilment.state === 'canceled') throw pastThat(fulfilment);
      await this.describe(open, input, actor);
      if (hasLeft(fulfilment))
        this.outbox.record(new FulfilmentTracked({ orderId: order.id, fulfilmentId: id }));
    });
  }

  private async within(
    id: string,
    version: number | null,
    work: (open: Open) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const orderId = await this.fulfilments.orderOf(id);
      if (orderId === null) throw platformProblems.not_found();
      // The payment is locked before the order, here as everywhere; a refund that is accepted now is seen.
      const payments = await this.billing.lockPaymentsOf(orderId);
      const order = await this.orders.locked(orderId);
      const fulfilment = order?.fulfilments.find((one) => one.id === id);
      if (!order || !fulfilment) throw platformProblems.not_found();
      requireVersion(version, fulfilment.version);
      await work({ order, fulfilment, payments });
    });
  }

  private async arrive(open: Open, at: Date, actor: Actor): Promise<void> {
    await this.move(open, 'delivered', actor, null, at);
    await this.dispatch.delivered(open.order, open.fulfilment, actor);
  }

  private async describe({ fulfilment }: Open, input: ShipmentDto, actor: Actor): Promise<void> {
    if (Object.values(input).every((value) => value === undefined)) return;
    const step = { actor, at: this.clock.now() };
    await this.fulfilments.describe(fulfilment.id, shipmentOf(input, fulfilment), step);
    this.record('ordering.fulfilment.changed', fulfilment, actor);
  }

  private async move(
    { fulfilment }: Open,
    to: FulfilmentState,
    actor: Actor,
    note: string | null = null,
    at = this.clock.now(),
  ): Promise<void> {
    if (!NEXT_STATES[fulfilment.state].includes(to)) throw pastThat(fulfilment);
    const step = { actor, at: this.clock.now(), note };
    if (!(await this.fulfilments.move(fulfilment.id, fulfilment.state, to, step, at)))
      throw pastThat(fulfilment);
    this.record(`ordering.fulfilment.${to}`, fulfilment, actor);
  }

  private record(action: string, { id }: Fulfilment, actor: Actor): void {
    this.audit.record({ actor, action, subjectType: 'fulfilment', subjectId: id });
  }
}

const pastThat = ({ state }: Fulfilment) => fulfilmentProblems.fulfilment_moved_on(`It is ${state}.`);

/** What waits for the payment of a change does not go, though it was planned before. */
function requireMoney({ order, fulfilment, payments }: Open): void {
  requireSendable(order, payments);
  const waits = fulfilment.lines.some(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    return line !== undefined && quantity > line.quantity - line.fulfilled - line.awaiting;
  });
  if (waits) throw orderProblems.order_not_fulfillable('A change of the order waits for its payment.');
}
