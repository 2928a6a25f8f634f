import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { rows, transaction, written } from './sql.js';

interface CartBody {
  currency: string;
  email: string;
  lines: { variantId: string; quantity: number }[];
}

interface Line {
  id: string;
  variant_id: string;
  quantity: number;
  sku: string;
  title: string;
  amount: number;
  available: number;
}

export const SHIPPING = 490;

const ADD_LINES = `
  WITH added AS (
    INSERT INTO cart_lines (id, cart_id, variant_id, quantity)
    SELECT gen_random_uuid(), $1, variant, quantity FROM unnest($2::uuid[], $3::int[]) AS l (variant, quantity) RETURNING *)
  SELECT a.id, a.variant_id, a.quantity, v.sku, v.title, v.amount, s.on_hand - s.reserved - s.allocated AS available
  FROM added a JOIN variants v ON v.id = a.variant_id JOIN stock s ON s.variant_id = v.id`;

/** A cart with its lines: two statements, one commit. */
export function cartRoutes(app: FastifyInstance, pool: Pool): void {
  app.post<{ Body: CartBody }>('/v1/carts', async (request, reply) => {
    const { lines, currency, email } = request.body;
    const id = randomUUID();
    const token = randomBytes(32).toString('base64url');
    const added = await transaction(pool, async (client) => {
      await written(
        client,
        'cart',
        'INSERT INTO carts (id, token_hash, currency, email) VALUES ($1, $2, $3, $4)',
        [id, hashOf(token), currency, email],
      );
      const values = [id, lines.map(({ variantId }) => variantId), lines.map(({ quantity }) => quantity)];
      return rows<Line>(client, 'cart-lines', ADD_LINES, values);
    });
    const subtotal = added.reduce((sum, line) => sum + line.amount * line.quantity, 0);
    void reply.code(201);
    return { id, token, currency, email, lines: added, totals: { subtotal, total: subtotal + SHIPPING } };
  });
}

export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
