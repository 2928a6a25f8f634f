import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SellingRules } from '../shipping/selling-rules.js';
import { ChangeConfirmation } from './change-confirmation.service.js';
import type { ConfirmChangeDto } from './change.dto.js';
import type { OrderChange } from './change.repository.js';
import { changeView } from './change.view.js';

/** Confirms a change and stores the answer in the very transaction; the rules are read before it is opened. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly database: Database,
    private readonly rules: SellingRules,
    private readonly confirmation: ChangeConfirmation,
  ) {}

  async confirm(
    orderId: string,
    id: string,
    input: ConfirmChangeDto,
    version: number | null,
    actor: Actor,
  ): Promise<{ change: OrderChange; body: string }> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const rules = await this.rules.current();
    return this.database.transaction(async () => {
      const change = await this.confirmation.confirm(orderId, id, input, version, rules, actor);
      return { change, body: request.answer(200, changeView(change)) };
    });
  }
}
