import { Injectable } from '@nestjs/common';
import { BillingApi, requesterOf } from '../../billing/billing.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { orderProblems } from '../order/order.errors.js';
import { OrderLocks } from '../order/order-locks.service.js';
import { SellingRules } from '../selling/selling-rules.js';
import { ChangeConfirmation } from './change-confirmation.service.js';
import type { ConfirmChangeDto } from './change.dto.js';
import { changeProblems } from './change.errors.js';
import { ChangeRepository, type OrderChange } from './change.repository.js';
import { changeView } from './change.view.js';
import { UnpaidChanges } from './unpaid-changes.service.js';

/** Confirms a change and stores the answer in the very transaction; the rules are read before it is opened. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly database: Database,
    private readonly rules: SellingRules,
    private readonly confirmation: ChangeConfirmation,
    private readonly billing: BillingApi,
    private readonly locks: OrderLocks,
    private readonly changes: ChangeRepository,
    private readonly unpaid: UnpaidChanges,
  ) {}

  /** What nobody has paid is taken off again at once; 409 when it is paid, or while a payment of it is not decided. */
  async withdraw(orderId: string, id: string, version: number | null, actor: Actor): Promise<OrderChange> {
    return this.database.transaction(async () => {
      const locked = await this.locks.lock(orderId);
      const change = locked && (await this.changes.locked(orderId, id));
      if (!change) throw platformProblems.not_found();
      requireVersion(version, change.version);
      if (change.state !== 'awaiting_payment') throw changeProblems.change_not_awaiting();
      const { canceled } = await this.billing.giveUpExtra(orderId);
      if (!canceled) throw orderProblems.payment_undecided(undefined, { retryAfter: 2 });
      const payments = await this.billing.paymentsOf([orderId]);
      await this.unpaid.withdraw(locked.order, change, payments, actor, requesterOf(actor));
      return (await this.changes.find(orderId, id)) ?? change;
    });
  }

  async confirm(
    orderId: string,
    id: string,
    input: ConfirmChangeDto,
    version: number | null,
    actor: Actor,
  ): Promise<string> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const rules = await this.rules.current();
    return this.database.transaction(async () => {
      const change = await this.confirmation.confirm(orderId, id, input, version, rules, actor);
      return request.answer(200, changeView(change));
    });
  }
}
