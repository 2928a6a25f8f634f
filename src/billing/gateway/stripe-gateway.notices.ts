import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import type { GatewayNotice, NoticePage } from './payment-gateway.port.js';
import { idOf, intentRank, refundRank } from './stripe-gateway.answers.js';
import type { StripeClient } from './stripe-gateway.client.js';

/** What we want to hear of; the endpoint at Stripe is to be set up with the same. */
export const EVENT_TYPES = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'payment_intent.amount_capturable_updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** So far back the first look goes, in a shop that has heard nothing yet. */
const FIRST_LOOK_SECONDS = 3_600;

interface Told {
  readonly id: string;
  readonly status: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly metadata?: Stripe.Metadata | null;
}

/**
 * An event as a notice; null when it concerns nothing of ours: other types, and payments that another program made in the same
 * account. Only what is the same in every version of the API is read, because an endpoint may be set to another than ours.
 */
export function noticeOf(event: Stripe.Event): GatewayNotice | null {
  if (!EVENT_TYPES.includes(event.type)) return null;
  const told = event.data.object as unknown as Told & { payment_intent?: string | { id: string } | null };
  const isIntent = event.type.startsWith('payment_intent.');
  const ref = isIntent ? told.id : idOf(told.payment_intent);
  const given = event.type.startsWith('charge.') ? undefined : told.metadata?.operation_id;
  const operationId = given !== undefined && UUID.test(given) ? given : null;
  if (ref === null || (isIntent && operationId === null)) return null;
  const said = [event.type, told.id, told.status, told.amount, told.currency, operationId];
  return {
    eventId: event.id,
    type: event.type,
    ref,
    operationId,
    version: isIntent ? intentRank(told.status ?? '') : refundRank(told.status),
    createdAt: new Date(event.created * 1000),
    position: event.id,
    digest: createHash('sha256').update(JSON.stringify(said)).digest('hex'),
  };
}

/**
 * Events after the one that `position` names. Stripe keeps them for 30 days and lists the newest first; asked for what comes before
 * one it answers the page next to it. A position that Stripe has forgotten, and the first of all, begin an hour ago.
 */
export async function eventsAfter(client: StripeClient, position: string, now: Date): Promise<NoticePage> {
  const { events } = client.stripe;
  const wanted = { types: EVENT_TYPES, limit: 100 };
  const since = Math.floor(now.getTime() / 1000) - FIRST_LOOK_SECONDS;
  const known = position === '0' ? null : await client.read(() => events.retrieve(position));
  if (known !== null) return page(await events.list({ ...wanted, ending_before: position }), position);
  const before = (await events.list({ created: { lt: since }, limit: 1 })).data[0];
  if (before) return page(await events.list({ ...wanted, ending_before: before.id }), before.id);
  const all = await events.list({ ...wanted, created: { gte: since } }).autoPagingToArray({ limit: 10_000 });
  return page({ data: all }, position);
}

function page({ data }: { data: readonly Stripe.Event[] }, position: string): NoticePage {
  const oldestFirst = [...data].reverse();
  return {
    notices: oldestFirst.flatMap((event) => noticeOf(event) ?? []),
    position: oldestFirst.at(-1)?.id ?? position,
  };
}
