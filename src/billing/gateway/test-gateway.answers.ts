import { Money } from '../../platform/money/money.js';
import { meaningOf } from './declines.js';
import type {
  GatewayDispute,
  GatewayOutcome,
  GatewaySnapshot,
  MethodView,
  SetupOutcome,
} from './payment-gateway.port.js';

interface NextActionBody {
  type: 'redirect';
  url: string;
}

/** A charge as the test gateway answers it. */
export interface ChargeBody {
  ref: string;
  status: 'requires_action' | 'processing' | 'authorized' | 'captured' | 'declined' | 'voided';
  amount: number;
  currency: string;
  captured: number;
  refunded: number;
  capture: 'automatic' | 'manual';
  captureBefore: string | null;
  version: number;
  declineCode: string | null;
  hard: boolean;
  method: MethodView | null;
  risk: number | null;
  nextAction: NextActionBody | null;
  disputes: (Omit<GatewayDispute, 'amount' | 'fee' | 'evidenceDueAt'> & {
    amount: number;
    fee: number;
    evidenceDueAt: string;
  })[];
  operations: {
    operationId: string;
    kind: 'authorize' | 'capture' | 'void' | 'refund';
    status: 'succeeded' | 'failed' | 'pending';
    amount: number;
    code: string | null;
  }[];
}

/** A set-up as the test gateway answers it. */
export interface SetupBody {
  ref: string;
  status: 'requires_action' | 'succeeded' | 'declined';
  code: string | null;
  method: MethodView | null;
  nextAction: NextActionBody | null;
}

/** What became of one of our operations, in our words; null when the charge knows nothing of it. */
export function outcomeOf(charge: ChargeBody, operationId: string): GatewayOutcome | null {
  const operation = charge.operations.find((each) => each.operationId === operationId);
  if (operation === undefined) return null;
  const { ref, version, captureBefore, method, risk } = charge;
  switch (operation.status) {
    case 'succeeded':
      return {
        kind: 'ok',
        ref,
        version,
        amount: Money.of(operation.amount, charge.currency),
        captured:
          operation.kind === 'capture' || (operation.kind === 'authorize' && charge.capture === 'automatic'),
        captureBefore: captureBefore === null ? null : new Date(captureBefore),
        method: method && viewOf(method),
        risk,
      };
    case 'failed':
      return declined(ref, version, operation.code);
    case 'pending':
      return operation.kind === 'authorize' && charge.nextAction
        ? { kind: 'action_required', ref, version, next: charge.nextAction }
        : { kind: 'pending', ref, version };
  }
}

export function setupOutcomeOf({ ref, status, code, method, nextAction }: SetupBody): SetupOutcome {
  if (method) return { kind: 'ok', ref, method: viewOf(method) };
  if (nextAction) return { kind: 'action_required', ref, next: nextAction };
  // It was kept and is forgotten again, or never was.
  return declined(ref, 1, status === 'declined' ? code : 'invalid_payment_method');
}

export const chargeSnapshot = (charge: ChargeBody): GatewaySnapshot => {
  const money = (amount: number) => Money.of(amount, charge.currency);
  return {
    ref: charge.ref,
    version: charge.version,
    captured: money(charge.captured),
    refunded: money(charge.refunded),
    released: charge.status === 'voided' || (charge.status === 'captured' && charge.captured < charge.amount),
    disputes: charge.disputes.map(({ ref, amount, status, reason, fee, evidenceDueAt }) => ({
      ref,
      status,
      reason,
      amount: money(amount),
      fee: money(fee),
      evidenceDueAt: new Date(evidenceDueAt),
    })),
    outcomeOf: (operationId) => outcomeOf(charge, operationId),
  };
};

function declined(ref: string, version: number, code: string | null) {
  const { hard, advice } = meaningOf(code ?? '');
  return { kind: 'declined', ref, version, code: code ?? 'declined', hard, advice } as const;
}

const viewOf = ({
  ref,
  customerRef,
  brand,
  last4,
  expiryMonth,
  expiryYear,
  fingerprint,
}: MethodView): MethodView => ({ ref, customerRef, brand, last4, expiryMonth, expiryYear, fingerprint });
