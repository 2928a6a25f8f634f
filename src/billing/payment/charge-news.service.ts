import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import { Disputes } from '../dispute/disputes.service.js';
import type { GatewaySnapshot } from '../gateway/payment-gateway.port.js';
import { OperationRepository } from './operation.repository.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentService } from './payment.service.js';

/** What a gateway says about a charge when it is read again: the only thing that is believed. */
@Injectable()
export class ChargeNews {
  constructor(
    private readonly database: Database,
    private readonly rows: PaymentRepository,
    private readonly operations: OperationRepository,
    private readonly payments: PaymentService,
    private readonly disputes: Disputes,
    private readonly clock: Clock,
  ) {}

  /** Everything that the gateway's view of a charge says about a payment, in one transaction. */
  async apply(paymentId: string, snapshot: GatewaySnapshot): Promise<void> {
    await this.database.transaction(async () => {
      for (const operation of await this.operations.ofPayment(paymentId)) {
        const outcome = snapshot.outcomeOf(operation.id);
        const known =
          (operation.status === 'succeeded' && outcome?.kind === 'ok') ||
          (operation.status === 'failed' && outcome?.kind === 'declined');
        if (outcome && !known) await this.payments.settle(operation.id, outcome);
      }
      if (snapshot.released) await this.release(paymentId, snapshot);
      if (snapshot.disputes.length > 0) await this.disputes.take(paymentId, snapshot);
    });
  }

  /** The gateway holds nothing any more, without our having asked for it: the time of the hold is over. */
  private async release(paymentId: string, { ref, version }: GatewaySnapshot): Promise<void> {
    const payment = await this.rows.lockPayment(paymentId);
    if (payment === null || payment.held.isZero() || payment.gatewayRef !== ref) return;
    const open = (await this.operations.ofPayment(paymentId)).find(
      ({ kind, isFinal }) => kind === 'void' && !isFinal,
    );
    const id = open?.id ?? newId();
    if (open === undefined)
      await this.operations.add(payment, {
        ...{ id, kind: 'void', ref, amount: payment.held, refundId: null, chargeId: null },
        now: this.clock.now(),
        nextCheckAt: null,
      });
    await this.payments.settle(id, {
      ...{ kind: 'ok', ref, version, amount: payment.held, captured: false },
      ...{ captureBefore: null, method: null, risk: null },
    });
  }
}
