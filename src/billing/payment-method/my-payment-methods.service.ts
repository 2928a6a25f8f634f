import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { DefaultMethodChanged, PaymentMethodRemoved } from '../billing.events.js';
import { ChargedSubscriptions } from '../subscription/charged-subscriptions.service.js';
import { MethodSetups } from './method-setups.service.js';
import {
  type AddPaymentMethodDto,
  KeptMethodDto,
  type KeptMethodsDto,
  MethodSetupDto,
} from './payment-method.dto.js';
import { PaymentMethodRepository } from './payment-method.repository.js';

/** The methods that a customer has kept. */
@Injectable()
export class MyPaymentMethods {
  constructor(
    private readonly database: Database,
    private readonly rows: PaymentMethodRepository,
    private readonly setups: MethodSetups,
    private readonly charged: ChargedSubscriptions,
    private readonly outbox: Outbox,
  ) {}

  async list(customerId: string): Promise<KeptMethodsDto> {
    return { items: (await this.rows.ofCustomer(customerId)).map((each) => KeptMethodDto.from(each)) };
  }

  async add(customerId: string, input: AddPaymentMethodDto): Promise<{ status: 201 | 202; body: string }> {
    const seen = await this.setups.add(customerId, input);
    const status = seen.setup.status === 'succeeded' ? 201 : 202;
    const body = MethodSetupDto.from(seen);
    return this.database.transaction(async () => {
      // What is not known yet is asked again by a repeat with the same key.
      const request = seen.setup.status === 'processing' ? null : Idempotency.current();
      return { status, body: request ? request.answer(status, body) : JSON.stringify(body) };
    });
  }

  async confirm(customerId: string, id: string): Promise<MethodSetupDto> {
    return MethodSetupDto.from(await this.setups.confirm(customerId, id));
  }

  /** 404 when it is none of this customer's. */
  async makeDefault(customerId: string, id: string): Promise<KeptMethodDto> {
    return this.database.transaction(async () => {
      if (!(await this.rows.makeDefault(customerId, id))) throw platformProblems.not_found();
      const method = await this.rows.find(customerId, id);
      if (method === null) throw platformProblems.not_found();
      this.outbox.record(new DefaultMethodChanged({ customerId, methodId: id }));
      return KeptMethodDto.from(method);
    });
  }

  /** 409 `billing.method_in_use` while a subscription is charged to it that has no other one to go to. */
  async remove(customerId: string, id: string): Promise<void> {
    await this.database.transaction(async () => {
      const defaultId = await this.charged.hold(customerId, id);
      if ((await this.drop(customerId, id)) === 0) throw platformProblems.not_found();
      await this.charged.leave(customerId, id, defaultId);
    });
  }

  /** In the caller's transaction: all that says who this is at a gateway goes, there too. */
  async erase(customerId: string): Promise<void> {
    await this.drop(customerId, null);
    await this.rows.forgetCustomer(customerId);
  }

  private async drop(customerId: string, id: string | null): Promise<number> {
    const gone = await this.rows.remove(customerId, id);
    for (const methodId of gone) this.outbox.record(new PaymentMethodRemoved({ methodId }));
    return gone.length;
  }
}
