import { Injectable } from '@nestjs/common';
import { type PaymentView, requesterOf } from '../../billing/billing.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { failpoint } from '../../platform/failpoint.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import { Outbox } from '../../platform/events/outbox.js';
import { OrderChanged } from '../ordering.events.js';
import type { Order } from '../order/order.js';
import { OrderLocks } from '../order/order-locks.service.js';
import { OrderService } from '../order/order.service.js';
import { ReturnPiecesRepository } from '../returns/return-pieces.repository.js';
import type { Rules } from '../selling/selling-rules.js';
import { AmendedOrders } from './amended-orders.service.js';
import { type Calculated, ChangeCalculation } from './change-calculation.service.js';
import { requireDraft } from './change-drafts.service.js';
import type { ConfirmChangeDto } from './change.dto.js';
import { changeProblems } from './change.errors.js';
import { ChangeGoods } from './change-goods.service.js';
import { ChangeLimits } from './change-limits.service.js';
import { ChangeMoney } from './change-money.service.js';
import { ChangeRepository, type OrderChange } from './change.repository.js';
import { type ChangeKind } from './changed-order.js';
import { openPieces } from '../order/order-pieces.js';

const HOUR_MS = 60 * 60_000;
const PAY_WITHIN_HOURS = 72;

/** What the history calls it. */
const EVENTS: Readonly<Record<ChangeKind, string>> = {
  edit: 'edited',
  cancel: 'partly_canceled',
  return: 'returned',
  exchange: 'exchanged',
  claim: 'claim_settled',
};

/**
 * Confirms a change: order, goods, money, history and facts in the one transaction of the caller. It computes what the preview
 * computed, and writes it only when it still comes to what was shown, for the order that it was shown for.
 */
@Injectable()
export class ChangeConfirmation {
  constructor(
    private readonly changes: ChangeRepository,
    private readonly locks: OrderLocks,
    private readonly returns: ReturnPiecesRepository,
    private readonly calculation: ChangeCalculation,
    private readonly amended: AmendedOrders,
    private readonly limits: ChangeLimits,
    private readonly goods: ChangeGoods,
    private readonly money: ChangeMoney,
    private readonly orderService: OrderService,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction. `rules` were read before it. */
  async confirm(
    orderId: string,
    id: string,
    input: ConfirmChangeDto,
    version: number | null,
    rules: Rules,
    actor: Actor,
  ): Promise<OrderChange> {
    // The change belongs to the order and comes after it.
    const locked = await this.locks.lock(orderId);
    const change = locked && (await this.changes.locked(orderId, id));
    if (!change) throw platformProblems.not_found();
    const { order, payments } = locked;
    requireDraft(change);
    requireVersion(version, change.version);
    if (change.orderVersion !== order.version) {
      throw changeProblems.order_changed(undefined, { extra: { orderVersion: order.version } });
    }
    // Whoever moves a return has locked its order first: it stays what it is from here on.
    if (change.returnId !== null && (await this.returns.received(orderId, change.returnId)) === null)
      throw changeProblems.return_not_received();
    const answered = await this.returns.piecesOf(change.returnId);
    const calculated = await this.calculation.of(order, change, payments, rules, answered);
    const { difference } = calculated;
    if (!difference.equals(Money.fromJSON(input.expectedDifference))) {
      throw changeProblems.difference_changed(`It comes to ${difference}.`, {
        extra: { difference: difference.toJSON() },
      });
    }
    await this.apply(order, change, calculated, payments, input, actor);
    failpoint('change.before_commit');
    return (await this.changes.find(orderId, id)) ?? change;
  }

  private async apply(
    order: Order,
    change: OrderChange,
    calculated: Calculated,
    payments: readonly PaymentView[],
    { payWithinHours = PAY_WITHIN_HOURS }: ConfirmChangeDto,
    actor: Actor,
  ): Promise<void> {
    const { difference, creditedBefore, due, refund, isCanceled } = calculated;
    const now = this.clock.now();
    const isDue = !due.isZero() && difference.plus(creditedBefore).compare(Money.zero(due.currency)) > 0;
    const expiresAt = isDue ? new Date(now.getTime() + payWithinHours * HOUR_MS) : null;
    const decided = await this.changes.decide(
      change.id,
      {
        state: isDue ? 'awaiting_payment' : 'confirmed',
        difference: difference.amount,
        due: isDue ? due.amount : 0n,
        refund: refund.amount,
        explained: calculated.explained,
        undo: isDue
          ? {
              addedLineIds: calculated.change.added.map(({ line }) => line.id),
              shipping: calculated.change.shipping && calculated.formerShipping,
            }
          : null,
        expiresAt,
      },
      { at: now, actor: actorId(actor) },
    );
    if (!decided) throw changeProblems.change_closed();
    if (isCanceled) {
      await this.orderService.cancelLocked(order, actor, change.reason);
    } else {
      if (isDue) keepBack(calculated);
      // Balances are locked before the stock.
      const { refundTo } = change.plan;
      await this.money.giveBack(order.id, refund, refundTo, `order_${change.kind}`, requesterOf(actor));
      await this.limits.apply(order, calculated);
      await this.goods.apply(change, calculated, expiresAt, now, actor);
      await this.amended.write(order, calculated, payments, {
        event: EVENTS[change.kind],
        actor,
        at: now,
        ...(change.reason !== null && { note: change.reason }),
        facts: { changeId: change.id, returnId: change.returnId, ...sums(calculated) },
      });
    }
    if (change.returnId !== null) await this.returns.settle(change.returnId, change.id, now);
    this.tell(change, calculated, actor);
  }

  private tell(change: OrderChange, { explained, order, ...money }: Calculated, actor: Actor): void {
    const { id: changeId, orderId, kind } = change;
    const facts = { changeId, kind, ...sums(money) };
    this.outbox.record(
      new OrderChanged({
        orderId,
        ...facts,
        lines: explained.flatMap(({ effect, lineId, quantity }) => {
          const line = order.lines.find(({ id }) => id === lineId);
          if (!line) return [];
          const { id, variantId, productId } = line;
          return [{ lineId: id, variantId, productId, effect, quantity }];
        }),
      }),
    );
    this.audit.record({
      actor,
      action: 'ordering.order_change.confirmed',
      subjectType: 'order',
      subjectId: orderId,
      details: facts,
    });
  }
}

/** Nothing of what is still to be paid is sent before it is; nor anything else when the way there is to be paid. */
function keepBack({ order, change: { added, shipping } }: Calculated): void {
  const fresh = new Set(added.map(({ line }) => line.id));
  for (const line of order.lines)
    if (fresh.has(line.id) || shipping !== null) line.awaiting = openPieces(line);
}

const sums = ({ difference, due, refund }: Pick<Calculated, 'difference' | 'due' | 'refund'>) => ({
  difference: difference.toJSON(),
  due: due.toJSON(),
  refund: refund.toJSON(),
});
