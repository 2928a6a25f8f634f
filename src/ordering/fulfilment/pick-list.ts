import type { OrderLine } from '../order/order.js';
import { type Fulfilment, isOpen, type Piece, type StockPick } from './fulfilment.js';
import { Shelf, type Source, split } from './split.js';

/** An order that may be sent, as far as the warehouse is concerned. */
export interface DueOrder {
  id: string;
  number: string;
  /** The day that it was promised for, or when it was placed. */
  promise: Date;
  lines: (Pick<
    OrderLine,
    'id' | 'variantId' | 'sku' | 'title' | 'variantTitle' | 'stockTracked' | 'components' | 'properties'
  > & {
    /** Pieces that no fulfilment holds and that are due. */
    due: number;
  })[];
  fulfilments: Pick<Fulfilment, 'id' | 'state' | 'location' | 'lines' | 'picks'>[];
}

export interface PickItem {
  variantId: string;
  sku: string;
  title: string;
  variantTitle: string | null;
  quantity: number;
  orders: PickFor[];
}

export interface PickFor {
  orderId: string;
  number: string;
  promise: Date;
  fulfilmentId: string | null;
  quantity: number;
  /** What the buyer said of these pieces; null: nothing. */
  properties: Record<string, string> | null;
}

type Need = Omit<PickItem, 'quantity' | 'orders'> & PickFor;

/**
 * What one location has to pick, each variant once, in the order of the orders. What is planned there and not packed comes first of
 * an order, then what would be planned there if somebody did it now. What no location counts is on the list of every one.
 */
export function pickList(
  orders: readonly DueOrder[],
  sources: ReadonlyMap<string, Source[]>,
  location: string,
): PickItem[] {
  const items = new Map<string, PickItem>();
  for (const order of orders) {
    for (const { variantId, sku, title, variantTitle, ...of } of needsOf(
      order,
      sources.get(order.id) ?? [],
      location,
    )) {
      const item = items.get(variantId) ?? { variantId, sku, title, variantTitle, quantity: 0, orders: [] };
      item.quantity += of.quantity;
      item.orders.push(of);
      items.set(variantId, item);
    }
  }
  return [...items.values()];
}

function needsOf(order: DueOrder, sources: readonly Source[], location: string): Need[] {
  const open = order.fulfilments.filter(isOpen);
  const wanted = order.lines.flatMap(({ id, due }) => (due > 0 ? [{ lineId: id, quantity: due }] : []));
  const planned = new Shelf(
    sources,
    open.flatMap(({ picks }) => picks),
  );
  const pending = open
    .filter(({ state }) => state === 'pending')
    .flatMap(({ id, location: from, lines, picks }) => needs(order, id, from, lines, picks, location));
  const unplanned = split(order.lines, wanted, planned).shares.flatMap(({ place, lines, picks }) =>
    needs(order, null, place?.code ?? null, lines, picks, location),
  );
  return [...pending, ...unplanned];
}

/** Of one fulfilment, planned or not: what is picked here, and what nobody counts if it leaves from here. */
function needs(
  order: DueOrder,
  fulfilmentId: string | null,
  from: string | null,
  lines: readonly Piece[],
  picks: readonly StockPick[],
  location: string,
): Need[] {
  const of = { orderId: order.id, number: order.number, promise: order.promise, fulfilmentId };
  return lines.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    if (!line) return [];
    const parts = line.components?.map((part) => ({ ...part, variantTitle: null })) ?? [
      { ...line, quantity: 1 },
    ];
    return parts.flatMap(({ variantId, sku, title, variantTitle, quantity: each, stockTracked }): Need[] => {
      const here = picks.filter((pick) => pick.lineId === lineId && pick.variantId === variantId);
      const counted = here
        .filter((pick) => pick.location === location)
        .reduce((sum, pick) => sum + pick.quantity, 0);
      const pieces = stockTracked ? counted : from === location || from === null ? quantity * each : 0;
      const { properties } = line;
      return pieces > 0 ? [{ variantId, sku, title, variantTitle, ...of, quantity: pieces, properties }] : [];
    });
  });
}
