import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Pool, PoolClient } from 'pg';
import { Agent, request as send } from 'undici';
import { hashOf, SHIPPING } from './cart.js';
import { rows, transaction, written } from './sql.js';

interface CheckoutBody {
  email: string;
  shippingAddress: object;
  payment: { gateway: string; token: string };
}

type Checkout = FastifyRequest<{ Params: { id: string }; Body: CheckoutBody }>;

interface CartLine {
  variant_id: string;
  quantity: number;
  sku: string;
  title: string;
  amount: number;
}

interface Placed {
  orderId: string;
  paymentId: string;
  operationId: string;
  number: number;
  lines: CartLine[];
  tax: number;
  total: number;
}

class Refused extends Error {
  constructor(readonly statusCode: number) {
    super('refused');
  }
}

const CLAIM = `
  INSERT INTO idempotency_keys (scope, key, fingerprint, locked_until) VALUES ('checkout', $1, $2, now() + interval '90 s')
  ON CONFLICT DO NOTHING`;
const LOCK = `SELECT id FROM carts WHERE id = $1 AND token_hash = $2 AND state = 'active' FOR UPDATE`;
const LINES = `
  SELECT l.variant_id, l.quantity, v.sku, v.title, v.amount FROM cart_lines l JOIN variants v ON v.id = l.variant_id
  WHERE l.cart_id = $1 ORDER BY l.variant_id`;
const RESERVE = `
  UPDATE stock SET reserved = reserved + $2 WHERE variant_id = $1 AND on_hand - reserved - allocated >= $2`;
const ORDER = `
  INSERT INTO orders (id, cart_id, status, payment_status, email, address, total, tax, currency, placed_at)
  VALUES ($1, $2, 'pending_payment', 'none', $3, $4, $5, $6, 'EUR', now()) RETURNING number`;
const ORDER_LINES = `
  INSERT INTO order_lines (id, order_id, variant_id, sku, title, quantity, unit, tax, total)
  SELECT gen_random_uuid(), $1, variant_id, sku, title, quantity, amount, round(amount * quantity * 19 / 119.0), amount * quantity
  FROM json_to_recordset($2) AS l (variant_id uuid, sku text, title text, quantity int, amount bigint)`;
const PAYMENT = `
  WITH payment AS (INSERT INTO payments (id, order_id, status, amount) VALUES ($1, $2, 'processing', $3))
  INSERT INTO operations (id, payment_id, kind, status) VALUES ($4, $1, 'authorize', 'sent')`;
const SETTLE_OPERATION = `UPDATE operations SET status = 'succeeded', ref = $2 WHERE id = $1 AND status = 'sent'`;
const CAPTURE = `UPDATE payments SET status = 'captured', captured = amount WHERE id = $1 AND status = 'processing'`;
const PLACE = `UPDATE orders SET status = 'placed', payment_status = 'paid' WHERE id = $1 AND status = 'pending_payment'`;
const CLOSE_CART = `UPDATE carts SET state = 'ordered', version = version + 1 WHERE id = $1`;
const ALLOCATE = `
  WITH movement AS (INSERT INTO stock_movements (variant_id, kind, quantity, order_id) VALUES ($1, 'allocated', $2, $3))
  UPDATE stock SET reserved = reserved - $2, allocated = allocated + $2 WHERE variant_id = $1`;
const LEDGER = `
  WITH moved AS (INSERT INTO ledger_transactions (id, kind, source_id) VALUES ($1, 'capture', $2))
  INSERT INTO ledger_entries (transaction_id, account, amount, currency)
  VALUES ($1, 'assets:provider:test:clearing', $3, 'EUR'), ($1, 'liab:unapplied', -$3::bigint, 'EUR')`;
const EVENTS = `
  INSERT INTO events (id, type, payload) VALUES ($1, 'ordering.order_placed', $3), ($2, 'billing.payment_captured', $3)`;
const ANSWERED = `
  UPDATE idempotency_keys SET status = 201, body = $2, locked_until = NULL WHERE scope = 'checkout' AND key = $1`;

/** Checkout with the steps that a right one needs: claim, prepare, ask the gateway, settle. Three commits. */
export function checkoutRoutes(app: FastifyInstance, pool: Pool, gatewayUrl: string): void {
  const gateway = new Agent({ connections: 32 });

  app.post<{ Params: { id: string }; Body: CheckoutBody }>(
    '/v1/carts/:id/checkout',
    async (request, reply) => {
      const key = String(request.headers['idempotency-key']);
      const fingerprint = hashOf(JSON.stringify(request.body));
      if ((await written(pool, 'claim', CLAIM, [key, fingerprint])) === 0) throw new Refused(409);
      const placed = await transaction(pool, (client) => prepare(client, request));
      const { orderId, operationId, number, lines, tax, total } = placed;
      const answer = await send(`${gatewayUrl}/charges`, {
        method: 'POST',
        dispatcher: gateway,
        headers: { 'content-type': 'application/json', 'idempotency-key': operationId },
        body: JSON.stringify({
          operation: operationId,
          amount: total,
          currency: 'EUR',
          token: request.body.payment.token,
        }),
      });
      const { ref } = (await answer.body.json()) as { ref: string };
      const body = JSON.stringify({
        ...{ id: orderId, number: String(number), status: 'placed', paymentStatus: 'paid', lines },
        totals: { tax, total },
      });
      await transaction(pool, async (client) => {
        await settle(client, placed, request.params.id, ref);
        await written(client, 'answered', ANSWERED, [key, body]);
      });
      return reply.code(201).header('content-type', 'application/json; charset=utf-8').send(body);
    },
  );
}

async function prepare(client: PoolClient, { params, headers, body }: Checkout): Promise<Placed> {
  const [orderId, paymentId, operationId] = [randomUUID(), randomUUID(), randomUUID()];
  const token = hashOf(String(headers['x-cart-token']));
  if ((await rows(client, 'lock', LOCK, [params.id, token])).length === 0) throw new Refused(404);
  const lines = await rows<CartLine>(client, 'lines', LINES, [params.id]);
  for (const line of lines) {
    const reserved = await written(client, 'reserve', RESERVE, [line.variant_id, line.quantity]);
    if (reserved === 0) throw new Refused(409);
  }
  const total = lines.reduce((sum, line) => sum + line.amount * line.quantity, SHIPPING);
  const tax = Math.round((total * 19) / 119);
  const order = [orderId, params.id, body.email, body.shippingAddress, total, tax];
  const [made] = await rows<{ number: number }>(client, 'order', ORDER, order);
  await written(client, 'order-lines', ORDER_LINES, [orderId, JSON.stringify(lines)]);
  await written(client, 'payment', PAYMENT, [paymentId, orderId, total, operationId]);
  return { orderId, paymentId, operationId, number: made?.number ?? 0, lines, tax, total };
}

async function settle(client: PoolClient, placed: Placed, cartId: string, ref: string): Promise<void> {
  const { orderId, paymentId, operationId, lines, total } = placed;
  await written(client, 'operation', SETTLE_OPERATION, [operationId, ref]);
  await written(client, 'capture', CAPTURE, [paymentId]);
  await written(client, 'place', PLACE, [orderId]);
  await written(client, 'close', CLOSE_CART, [cartId]);
  for (const line of lines)
    await written(client, 'allocate', ALLOCATE, [line.variant_id, line.quantity, orderId]);
  await written(client, 'ledger', LEDGER, [randomUUID(), operationId, total]);
  await written(client, 'events', EVENTS, [randomUUID(), randomUUID(), { orderId }]);
}
