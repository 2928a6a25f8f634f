import { BillingApi } from '../../src/billing/billing.api.js';
import { owedOf, totalOf } from '../../src/ordering/order/order.js';
import { OrderRepository } from '../../src/ordering/order/order.repository.js';
import { fulfilmentStatusOf, paymentStatusOf } from '../../src/ordering/order/order.statuses.js';
import type { TestApp } from './app.js';

/** Rows that should not be there, each with what it says. */
const QUESTIONS: readonly [what: string, sql: string][] = [
  [
    'the ledger does not balance',
    'SELECT currency, sum(amount)::text AS sum FROM billing.ledger_entries GROUP BY currency HAVING sum(amount) <> 0',
  ],
  [
    'a transaction of the ledger does not balance',
    `SELECT transaction_id, currency FROM billing.ledger_entries GROUP BY transaction_id, currency HAVING sum(amount) <> 0`,
  ],
  [
    'gift cards are not what the ledger owes',
    `SELECT (SELECT coalesce(-sum(amount), 0)::text FROM billing.ledger_entries WHERE account = 'liab:gift_cards') AS owed,
       (SELECT coalesce(sum(balance), 0)::text FROM billing.gift_cards) AS told
     WHERE (SELECT coalesce(-sum(amount), 0) FROM billing.ledger_entries WHERE account = 'liab:gift_cards')
       <> (SELECT coalesce(sum(balance), 0) FROM billing.gift_cards)`,
  ],
  [
    'a counter of the stock is not the sum of its movements and holds',
    `SELECT s.variant_id, s.on_hand, m.on_hand AS moved, s.allocated, m.allocated AS promised, s.reserved, r.held
     FROM catalog.stock s
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(CASE WHEN kind IN ('received', 'returned', 'adjusted') THEN quantity
           WHEN kind = 'shipped' THEN -quantity ELSE 0 END), 0)::int AS on_hand,
         coalesce(sum(CASE WHEN kind = 'allocated' THEN quantity
           WHEN kind IN ('released', 'shipped') THEN -quantity ELSE 0 END), 0)::int AS allocated
       FROM catalog.stock_movements WHERE stock_id = s.id) m
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(quantity) FILTER (WHERE state = 'held'), 0)::int AS held,
         coalesce(sum(quantity - shipped) FILTER (WHERE state = 'allocated'), 0)::int AS allocated
       FROM catalog.reservations WHERE stock_id = s.id) r
     WHERE s.on_hand <> m.on_hand OR s.allocated <> m.allocated OR s.allocated <> r.allocated OR s.reserved <> r.held`,
  ],
  [
    'what is promised to an order is not what it has to send',
    `SELECT o.number, o.status, w.quantity AS wanted, coalesce(h.quantity, 0) AS promised
     FROM ordering.orders o
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(quantity - fulfilled - awaiting), 0)::int AS quantity FROM ordering.order_lines
       WHERE order_id = o.id AND kind = 'physical') w
     CROSS JOIN LATERAL (
       SELECT sum(quantity - shipped)::int AS quantity FROM catalog.reservations
       WHERE reference = o.id AND state = 'allocated') h
     WHERE coalesce(h.quantity, 0) <> CASE WHEN o.status IN ('placed', 'completed') THEN w.quantity ELSE 0 END`,
  ],
];

/** All that does not agree between orders, money and goods; nothing when the books are right. */
export async function faultsOfBooks({ app, database }: TestApp): Promise<string[]> {
  const faults: string[] = [];
  for (const [what, sql] of QUESTIONS)
    for (const row of await database.query<object>(sql)) faults.push(`${what}: ${JSON.stringify(row)}`);
  const [orders, billing] = [app.get(OrderRepository), app.get(BillingApi)];
  for (const { id } of await database.query<{ id: string }>('SELECT id FROM ordering.orders ORDER BY id')) {
    const [order, payments] = [await orders.find(id), await billing.paymentsOf([id])];
    if (!order) continue;
    const derived = [
      paymentStatusOf(payments, owedOf(order), totalOf(order)),
      fulfilmentStatusOf(order.lines),
    ];
    const stored = [order.paymentStatus, order.fulfilmentStatus];
    if (derived.join() !== stored.join())
      faults.push(`order ${order.number} says ${stored.join()}, and it is ${derived.join()}`);
  }
  return faults;
}
