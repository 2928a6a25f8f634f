import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { GatewayCalls } from '../gateway/gateway-calls.service.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { ChargeNews } from './charge-news.service.js';
import { PaymentService } from './payment.service.js';
import { PaymentRepository } from './payment.repository.js';

/** Sends the release of a hold whose time is over. Network, never in a transaction. */
@Injectable()
export class HoldEnd {
  constructor(
    private readonly database: Database,
    private readonly rows: PaymentRepository,
    private readonly payments: PaymentService,
    private readonly calls: GatewayCalls,
    private readonly news: ChargeNews,
    private readonly gateway: PaymentGateway,
  ) {}

  /** A gateway that let go by itself refuses the release: what it says about the charge is true then. */
  async send(paymentId: string, operationId: string): Promise<void> {
    const outcome = await this.calls.send(operationId);
    await this.database.transaction(() => this.payments.settle(operationId, outcome));
    if (outcome.kind === 'ok') return;
    const ref = (await this.rows.find(paymentId))?.gatewayRef ?? null;
    const snapshot = ref === null ? null : await this.gateway.retrieve(ref);
    if (snapshot) await this.news.apply(paymentId, snapshot);
  }
}
