import { Money } from '../../platform/money/money.js';
import type { Advice } from '../gateway/payment-gateway.port.js';
import { Operation, type OperationKind, type OperationStatus } from './operation.entity.js';
import { Payment, type PaymentPurpose, type PaymentStatus } from './payment.entity.js';

export interface PaymentColumns {
  id: string;
  order_id: string | null;
  invoice_id: string | null;
  customer_id: string | null;
  status: PaymentStatus;
  amount: string;
  currency: string;
  captured: string;
  capture_reserved: string;
  capture_before: Date | null;
  capture: 'automatic' | 'manual';
  disputed: string;
  dispute_lost: string;
  refund_reserved: string;
  refunded: string;
  given_outside: string;
  gateway: string;
  purpose: PaymentPurpose;
  instrument_id: string | null;
  last4: string | null;
  gateway_ref: string | null;
  operation_id: string;
  attempts: number;
  decline_code: string | null;
  review_reason: string | null;
  next_action_url: string | null;
  version: number;
  created_at: Date;
}

export interface OperationColumns {
  o_id: string;
  o_payment_id: string;
  o_kind: OperationKind;
  o_status: OperationStatus;
  o_attempt: number;
  o_amount: string;
  o_currency: string;
  o_gateway_ref: string | null;
  o_gateway_version: string;
  o_code: string | null;
  o_refund_id: string | null;
  o_charge_id: string | null;
  o_off_session: boolean;
  o_final: boolean;
  o_save_method: boolean;
  o_advice: Advice | null;
  o_checks: number;
  o_next_check_at: Date | null;
  o_attention_since: Date | null;
}

export const toPayment = (row: PaymentColumns): Payment => {
  const money = (amount: string) => Money.of(BigInt(amount), row.currency);
  return new Payment({
    id: row.id,
    orderId: row.order_id,
    invoiceId: row.invoice_id,
    customerId: row.customer_id,
    status: row.status,
    amount: money(row.amount),
    captured: money(row.captured),
    captureReserved: money(row.capture_reserved),
    captureBefore: row.capture_before,
    capture: row.capture,
    disputed: money(row.disputed),
    disputeLost: money(row.dispute_lost),
    refundReserved: money(row.refund_reserved),
    refunded: money(row.refunded),
    givenOutside: money(row.given_outside),
    gateway: row.gateway,
    purpose: row.purpose,
    instrumentId: row.instrument_id,
    last4: row.last4,
    gatewayRef: row.gateway_ref,
    operationId: row.operation_id,
    attempts: row.attempts,
    declineCode: row.decline_code,
    reviewReason: row.review_reason,
    nextActionUrl: row.next_action_url,
    version: row.version,
    createdAt: row.created_at,
  });
};

export const toOperation = (row: OperationColumns): Operation =>
  new Operation({
    id: row.o_id,
    paymentId: row.o_payment_id,
    kind: row.o_kind,
    status: row.o_status,
    attempt: row.o_attempt,
    amount: Money.of(BigInt(row.o_amount), row.o_currency),
    gatewayRef: row.o_gateway_ref,
    gatewayVersion: Number(row.o_gateway_version),
    code: row.o_code,
    refundId: row.o_refund_id,
    chargeId: row.o_charge_id,
    offSession: row.o_off_session,
    final: row.o_final,
    saveMethod: row.o_save_method,
    advice: row.o_advice,
    checks: row.o_checks,
    nextCheckAt: row.o_next_check_at,
    attentionSince: row.o_attention_since,
  });

/** Money that came when its payment was canceled or paid by another charge, or came in another currency. It is no part of the payment's amounts. */
export interface LateCharge {
  /** The id of the attempt that brought it. */
  readonly id: string;
  readonly paymentId: string;
  readonly gatewayRef: string;
  /** In the currency in which it came, whatever the payment's is. */
  readonly captured: Money;
  readonly refunded: Money;
  /** What a bank has taken back for now. */
  readonly disputed: Money;
  /** What may still be given back: neither given back, nor on its way, nor kept by a bank. */
  readonly refundable: Money;
  readonly createdAt: Date;
}

export interface LateChargeColumns {
  id: string;
  payment_id: string;
  gateway_ref: string;
  captured: string;
  currency: string;
  refund_reserved: string;
  refunded: string;
  disputed: string;
  dispute_lost: string;
  created_at: Date;
}

export const toLateCharge = (row: LateChargeColumns): LateCharge => {
  const money = (amount: string) => Money.of(BigInt(amount), row.currency);
  const left = money(row.captured).minus(money(row.refund_reserved)).minus(money(row.dispute_lost));
  return {
    id: row.id,
    paymentId: row.payment_id,
    gatewayRef: row.gateway_ref,
    captured: money(row.captured),
    refunded: money(row.refunded),
    disputed: money(row.disputed),
    refundable: left.isNegative() ? Money.zero(row.currency) : left,
    createdAt: row.created_at,
  };
};

/** The columns of a payment `p`. */
export const PAYMENT = `p.id, p.order_id, p.invoice_id, p.customer_id, p.status, p.amount, p.currency, p.captured, p.refund_reserved, p.refunded, p.given_outside,
  p.capture, p.capture_reserved, p.capture_before, p.disputed, p.dispute_lost,
  p.gateway, p.purpose, p.instrument_id, p.last4, p.gateway_ref, p.operation_id, p.attempts, p.decline_code, p.review_reason, p.next_action_url, p.version, p.created_at`;

/** The columns of an operation `o`, beside those of its payment. */
export const OPERATION = `o.id AS o_id, o.payment_id AS o_payment_id, o.kind AS o_kind, o.status AS o_status, o.attempt AS o_attempt,
  o.amount AS o_amount, o.currency AS o_currency, o.gateway_ref AS o_gateway_ref, o.gateway_version AS o_gateway_version,
  o.code AS o_code, o.refund_id AS o_refund_id, o.charge_id AS o_charge_id,
  o.off_session AS o_off_session, o.final AS o_final, o.save_method AS o_save_method, o.advice AS o_advice,
  o.checks AS o_checks, o.next_check_at AS o_next_check_at, o.attention_since AS o_attention_since`;
