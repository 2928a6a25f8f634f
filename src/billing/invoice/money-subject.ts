import type { Subject } from '../billing.events.js';

/** Whose money it is, with all of the documents and payments beside it: an order, or an invoice without one. */
export type MoneySubject = { readonly orderId: string } | { readonly invoiceId: string };

/** Of an invoice, or of what belongs to one: its order's where it has one. */
export const subjectOf = (orderId: string | null, invoiceId: string): MoneySubject =>
  orderId === null ? { invoiceId } : { orderId };

/** Of a payment, which pays one of both. */
export const paidBy = ({ orderId, invoiceId }: Subject): MoneySubject | null =>
  orderId !== null ? { orderId } : invoiceId !== null ? { invoiceId } : null;

/** What queries look for in both columns; no invoice has the id of an order. */
export const idOf = (subject: MoneySubject): string =>
  'orderId' in subject ? subject.orderId : subject.invoiceId;
