import { Money } from '../../platform/money/money.js';
import type { GatewayOutcome, GatewaySnapshot } from './payment-gateway.port.js';

/** A charge as the test gateway answers it. */
export interface ChargeBody {
  ref: string;
  status: 'requires_action' | 'processing' | 'authorized' | 'captured' | 'declined' | 'voided';
  currency: string;
  captured: number;
  refunded: number;
  capture: 'automatic' | 'manual';
  version: number;
  declineCode: string | null;
  hard: boolean;
  nextAction: { type: 'redirect'; url: string } | null;
  operations: {
    operationId: string;
    kind: 'authorize' | 'capture' | 'void' | 'refund';
    status: 'succeeded' | 'failed' | 'pending';
    amount: number;
    code: string | null;
  }[];
}

/** What became of one of our operations, in our words; null when the charge knows nothing of it. */
export function outcomeOf(charge: ChargeBody, operationId: string): GatewayOutcome | null {
  const operation = charge.operations.find((each) => each.operationId === operationId);
  if (operation === undefined) return null;
  const { ref, version } = charge;
  switch (operation.status) {
    case 'succeeded':
      return {
        kind: 'ok',
        ref,
        version,
        amount: Money.of(operation.amount, charge.currency),
        captured:
          operation.kind === 'capture' || (operation.kind === 'authorize' && charge.capture === 'automatic'),
        captureBefore: null,
        method: null,
        risk: null,
      };
    case 'failed':
      return {
        kind: 'declined',
        ref,
        version,
        code: operation.code ?? 'declined',
        hard: charge.hard,
        advice: charge.hard ? 'new_method' : 'retry',
      };
    case 'pending':
      return operation.kind === 'authorize' && charge.nextAction
        ? { kind: 'action_required', ref, version, next: charge.nextAction }
        : { kind: 'pending', ref, version };
  }
}

export const chargeSnapshot = (charge: ChargeBody): GatewaySnapshot => ({
  ref: charge.ref,
  version: charge.version,
  captured: Money.of(charge.captured, charge.currency),
  refunded: Money.of(charge.refunded, charge.currency),
  released: charge.status === 'voided',
  disputes: [],
  outcomeOf: (operationId) => outcomeOf(charge, operationId),
});
