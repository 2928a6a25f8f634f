import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ReturnMoved } from '../ordering.events.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import type { ApproveReturnDto, ReceiveReturnDto } from './return.dto.js';
import { returnProblems } from './return.errors.js';
import type { OrderReturn, ReturnState } from './return.js';
import { type NewReceipt, ReturnRepository } from './return.repository.js';

/** What staff do with returns until they are settled by a change of the order. */
@Injectable()
export class ReturnHandling {
  constructor(
    private readonly database: Database,
    private readonly returns: ReturnRepository,
    private readonly orders: OrderRepository,
    private readonly catalog: CatalogApi,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** The label, when there is one, is what staff have had made by their carrier. */
  approve(
    id: string,
    { answer = null, labelUrl = null }: ApproveReturnDto,
    version: number | null,
    actor: Actor,
  ): Promise<OrderReturn> {
    return this.change(id, version, actor, ['requested'], async () => {
      await this.returns.move(id, 'approved', { answer, labelUrl }, this.clock.now());
      return 'approved';
    });
  }

  /** Its pieces are the buyer's as before: 409 `ordering.return_restocked` when some of them are for sale again. */
  decline(id: string, answer: string, version: number | null, actor: Actor): Promise<OrderReturn> {
    return this.change(id, version, actor, ['requested', 'approved', 'received'], async (one) => {
      if (one.receipts.some(({ restockedAt }) => restockedAt !== null))
        throw returnProblems.return_restocked();
      await this.returns.free(id);
      await this.returns.move(id, 'declined', { answer }, this.clock.now());
      return 'declined';
    });
  }

  label(id: string, labelUrl: string, version: number | null, actor: Actor): Promise<OrderReturn> {
    return this.change(id, version, actor, ['approved'], async () => {
      await this.returns.move(id, 'approved', { labelUrl }, this.clock.now());
      return 'labelled';
    });
  }

  /**
   * In the caller's transaction: what came, piece by piece in its condition, and what of it can be sold again from now on. When all
   * came, or is known to be missing, the return is received and waits to be settled.
   */
  receive(
    id: string,
    { lines, complete = false }: ReceiveReturnDto,
    version: number | null,
    actor: Actor,
  ): Promise<OrderReturn> {
    return this.change(id, version, actor, ['approved'], async (one, order) => {
      const receipts = lines.map(({ restockAt = null, ...line }) => ({ ...line, restockedAt: restockAt }));
      refuseOdd(one, receipts);
      await this.refuseNowhere(receipts);
      const all = complete ? [...receipts, ...missing(one, receipts)] : receipts;
      const now = this.clock.now();
      if (!(await this.returns.receive(id, all, now, actorId(actor)))) {
        throw returnProblems.return_not_possible('More would have come than was asked for.');
      }
      const isDone = one.lines.every((line) => line.received + sumOf(all, line.lineId) === line.quantity);
      if (isDone) await this.returns.move(id, 'received', {}, now);
      // The stock last, so that the rows which every shopper wants are locked for the shortest time.
      const sold = receipts.flatMap(({ lineId, quantity, restockedAt }) => {
        const line = order.lines.find((each) => each.id === lineId);
        return line && restockedAt !== null ? [{ ...line, quantity, location: restockedAt }] : [];
      });
      if (sold.length > 0) {
        await this.catalog.lockStock(sold, []);
        await this.catalog.takeBack(sold, actor);
      }
      return isDone ? 'received' : 'receiving';
    });
  }

  private async refuseNowhere(receipts: readonly NewReceipt[]): Promise<void> {
    const places = await Promise.all(
      receipts.map(async ({ restockedAt }) =>
        restockedAt === null ? null : { name: await this.catalog.locationName(restockedAt) },
      ),
    );
    const errors = places.flatMap((place, index) =>
      place?.name === null
        ? [{ pointer: `/lines/${index}/restockAt`, code: 'unknown_location', message: 'is no location' }]
        : [],
    );
    if (errors.length > 0) throw returnProblems.return_not_possible(undefined, { errors });
  }

  /** In one transaction: the order is locked before its returns, here as everywhere. */
  private change(
    id: string,
    version: number | null,
    actor: Actor,
    from: readonly ReturnState[],
    deed: (one: OrderReturn, order: Order) => Promise<string>,
  ): Promise<OrderReturn> {
    return this.database.transaction(async () => {
      const orderId = await this.returns.orderOf(id);
      const order = orderId === null ? undefined : await this.orders.locked(orderId);
      const one = order && (await this.returns.locked(id));
      if (!order || !one) throw platformProblems.not_found();
      requireVersion(version, one.version);
      if (!from.includes(one.state)) throw returnProblems.return_decided(`The return is ${one.state}.`);
      const what = await deed(one, order);
      const at = this.clock.now();
      await this.orders.note(order.id, order, {
        event: `return_${what}`,
        actor,
        at,
        facts: { returnId: id },
      });
      const after = await this.returns.find(id);
      if (!after) throw platformProblems.not_found();
      if (after.state !== one.state)
        this.outbox.record(new ReturnMoved({ returnId: id, orderId: order.id, state: after.state }));
      this.audit.record({ actor, action: `ordering.return.${what}`, subjectType: 'return', subjectId: id });
      return after;
    });
  }
}

const sumOf = (receipts: readonly NewReceipt[], lineId: string): number =>
  receipts.reduce((sum, one) => (one.lineId === lineId ? sum + one.quantity : sum), 0);

/** What is left when nothing more will come. */
const missing = ({ lines }: OrderReturn, receipts: readonly NewReceipt[]): NewReceipt[] =>
  lines.flatMap(({ lineId, quantity, received }) => {
    const left = quantity - received - sumOf(receipts, lineId);
    return left > 0 ? [{ lineId, quantity: left, condition: 'missing', restockedAt: null }] : [];
  });

function refuseOdd({ lines }: OrderReturn, receipts: readonly NewReceipt[]): void {
  const errors = receipts.flatMap(({ lineId, condition, restockedAt }, index) => {
    const at = (field: string) => `/lines/${index}/${field}`;
    const line = lines.find((one) => one.lineId === lineId);
    if (!line) return [{ pointer: at('lineId'), code: 'unknown', message: 'is no line of the return' }];
    if (sumOf(receipts, lineId) > line.quantity - line.received) {
      const message = `must be at most ${line.quantity - line.received} in all`;
      return [{ pointer: at('quantity'), code: 'max_left', message }];
    }
    return condition === 'missing' && restockedAt !== null
      ? [{ pointer: at('restockAt'), code: 'missing', message: 'does not go with what is missing' }]
      : [];
  });
  if (errors.length > 0) throw returnProblems.return_not_possible(undefined, { errors });
}
