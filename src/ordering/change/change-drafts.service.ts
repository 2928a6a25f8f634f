import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { ReturnPiecesRepository } from '../returns/return-pieces.repository.js';
import { SellingRules } from '../selling/selling-rules.js';
import { type Calculated, ChangeCalculation } from './change-calculation.service.js';
import type { ChangePlanDto, CreateChangeDto } from './change.dto.js';
import { changeProblems } from './change.errors.js';
import { ChangeRepository, type OrderChange } from './change.repository.js';
import type { ChangeKind } from './changed-order.js';
import type { ChangePlan } from './plan.js';

export interface Previewed {
  order: Order;
  change: OrderChange;
  calculated: Calculated;
}

/** Drafts of changes: one at a time for an order, with what they would come to. */
@Injectable()
export class ChangeDrafts {
  constructor(
    private readonly database: Database,
    private readonly changes: ChangeRepository,
    private readonly orders: OrderRepository,
    private readonly returns: ReturnPiecesRepository,
    private readonly calculation: ChangeCalculation,
    private readonly billing: BillingApi,
    private readonly rules: SellingRules,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** The newest first. */
  list(orderId: string, after: string | null, limit: number): Promise<OrderChange[]> {
    return this.changes.list(orderId, after, limit);
  }

  async get(orderId: string, id: string): Promise<OrderChange> {
    const change = await this.changes.find(orderId, id);
    if (!change) throw platformProblems.not_found();
    return change;
  }

  /** A draft that could be confirmed as the order is now; 409 while another change is open. */
  async create(orderId: string, input: CreateChangeDto, actor: Actor): Promise<OrderChange> {
    const { kind, reason = null, returnId = null, ...parts } = input;
    const order = await this.orders.find(orderId);
    if (!order) throw platformProblems.not_found();
    const change: OrderChange = {
      id: newId(),
      orderId,
      kind: kind as ChangeKind,
      state: 'draft',
      plan: planOf(kind as ChangeKind, parts),
      reason,
      returnId,
      orderVersion: order.version,
      version: 1,
      currency: order.currency,
      difference: null,
      due: 0n,
      refund: 0n,
      explained: [],
      undo: null,
      expiresAt: null,
      createdAt: this.clock.now(),
      createdBy: actorId(actor),
      decidedAt: null,
      decidedBy: null,
    };
    await this.fillFromReturn(change);
    await this.calculate(order, change);
    return this.database.transaction(async () => {
      if (!(await this.changes.insert(change))) throw await this.open(orderId);
      this.record(change, 'drafted', actor);
      return change;
    });
  }

  /** What is left out stays; the draft is made for the order as it is now. */
  async update(
    orderId: string,
    id: string,
    input: ChangePlanDto,
    version: number | null,
    actor: Actor,
  ): Promise<OrderChange> {
    const [order, present] = await Promise.all([this.orders.find(orderId), this.get(orderId, id)]);
    if (!order) throw platformProblems.not_found();
    const next = { ...present, ...replanned(present, input), orderVersion: order.version };
    requireDraft(present);
    await this.calculate(order, next);
    return this.database.transaction(async () => {
      const locked = await this.changes.locked(orderId, id);
      if (!locked) throw platformProblems.not_found();
      requireDraft(locked);
      requireVersion(version ?? present.version, locked.version);
      await this.changes.replan(next);
      this.record(next, 'replanned', actor);
      return this.get(orderId, id);
    });
  }

  async discard(orderId: string, id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const change = await this.changes.locked(orderId, id);
      if (!change) throw platformProblems.not_found();
      requireDraft(change);
      requireVersion(version, change.version);
      await this.changes.end(id, 'draft', 'discarded', { at: this.clock.now(), actor: actorId(actor) });
      this.record(change, 'discarded', actor);
    });
  }

  /** What the draft would come to now, by the very sum that its confirmation writes. */
  async preview(orderId: string, id: string): Promise<Previewed> {
    const [order, change] = await Promise.all([this.orders.find(orderId), this.get(orderId, id)]);
    if (!order) throw platformProblems.not_found();
    requireDraft(change);
    return { order, change, calculated: await this.calculate(order, change) };
  }

  private async calculate(order: Order, change: OrderChange): Promise<Calculated> {
    refuseTwiceRestocked(change);
    const [payments, rules, answered] = await Promise.all([
      this.billing.paymentsOf([order.id]),
      this.rules.current(),
      this.returns.piecesOf(change.returnId),
    ]);
    return this.calculation.of(order, change, payments, rules, answered);
  }

  /** Of a return that is settled: what came back, unless the plan says which of it. */
  private async fillFromReturn(change: OrderChange): Promise<void> {
    if (change.returnId === null) return;
    const received = await this.returns.received(change.orderId, change.returnId);
    if (received === null || (change.kind !== 'return' && change.kind !== 'exchange')) {
      const errors = [
        { pointer: '/returnId', code: 'not_received', message: 'must be a return that came back' },
      ];
      throw changeProblems.change_not_possible(undefined, { errors });
    }
    if (change.plan.back.length === 0)
      change.plan.back = received.map((pieces) => ({ ...pieces, restockAt: null }));
  }

  private async open(orderId: string) {
    const open = await this.changes.openOf(orderId);
    return changeProblems.change_open(undefined, { extra: { changeId: open?.id ?? null } });
  }

  private record({ id, orderId, kind }: OrderChange, what: string, actor: Actor): void {
    const action = `ordering.order_change.${what}`;
    this.audit.record({
      actor,
      action,
      subjectType: 'order',
      subjectId: orderId,
      details: { changeId: id, kind },
    });
  }
}

export function requireDraft({ state }: OrderChange): void {
  if (state !== 'draft') throw changeProblems.change_closed(`The change is ${state}.`);
}

/** What came back with a return lies where it was received: it is not put there a second time. */
function refuseTwiceRestocked({ returnId, plan }: OrderChange): void {
  if (returnId === null) return;
  const errors = plan.back.flatMap(({ restockAt }, index) =>
    restockAt === null
      ? []
      : [
          {
            pointer: `/back/${index}/restockAt`,
            code: 'received',
            message: 'was decided when it was received',
          },
        ],
  );
  if (errors.length > 0) throw changeProblems.change_not_possible(undefined, { errors });
}

function planOf(kind: ChangeKind, input: ChangePlanDto): ChangePlan {
  requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
  return {
    kind,
    remove: input.remove ?? [],
    back: (input.back ?? []).map(({ restockAt = null, ...pieces }) => ({ ...pieces, restockAt })),
    refund: input.refund ?? [],
    replace: input.replace ?? [],
    add: input.add ?? [],
    shippingAddress: input.shippingAddress ? toAddress(input.shippingAddress) : null,
    billingAddress: input.billingAddress ? toAddress(input.billingAddress) : null,
    shippingOptionId: input.shippingOptionId ?? null,
    refundShipping: input.refundShipping ?? null,
    refundTo: input.refundTo === 'store_credit' ? 'store_credit' : 'original',
  };
}

function replanned(
  { kind, plan, reason }: OrderChange,
  input: ChangePlanDto,
): Pick<OrderChange, 'plan' | 'reason'> {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const fresh = planOf(kind, input);
  const taken = Object.keys(given).filter((part): part is keyof ChangePlan => part in fresh);
  const next = Object.fromEntries(taken.map((part) => [part, fresh[part]]));
  return { plan: { ...plan, ...next }, reason: input.reason === undefined ? reason : input.reason };
}
