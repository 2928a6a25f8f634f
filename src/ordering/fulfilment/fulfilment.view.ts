import type { Order } from '../order/order.js';
import type { Fulfilment } from './fulfilment.js';
import type { FulfilmentDto, StaffFulfilmentDto } from './fulfilment.dto.js';
import type { StepTaken } from './fulfilment.repository.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** As the contract has it for everybody who may see the order. */
export function fulfilmentView(one: Fulfilment): FulfilmentDto {
  const { id, state, carrier, service, lines } = one;
  return {
    ...{ id, state, carrier, service },
    trackingNumber: one.parcels[0]?.trackingNumber ?? null,
    trackingUrl: one.parcels[0]?.trackingUrl ?? null,
    parcels: one.parcels.map(({ events, ...parcel }) => ({
      ...parcel,
      events: events.map((event) => ({ ...event, at: event.at.toISOString() })),
    })),
    createdAt: one.createdAt.toISOString(),
    shippedAt: iso(one.shippedAt),
    deliveredAt: iso(one.deliveredAt),
    lines,
  };
}

/** With where it comes from, and who did what. */
export function staffFulfilmentView(
  order: Order,
  one: Fulfilment,
  history: readonly StepTaken[],
): StaffFulfilmentDto {
  const { version, location, locationName, picks } = one;
  return {
    ...fulfilmentView(one),
    ...{ orderId: order.id, orderNumber: order.number, version, location, locationName },
    shippingAddress: order.shippingAddress,
    picks: picks.map((pick) => ({ ...pick, ...namesOf(order, pick) })),
    packedAt: iso(one.packedAt),
    canceledAt: iso(one.canceledAt),
    history: history.map(({ at, event, actorKind, actorId, note }) => ({
      ...{ at: at.toISOString(), event, actor: actorKind, actorId, note },
    })),
  };
}

function namesOf(order: Order, { lineId, variantId }: { lineId: string; variantId: string }) {
  const line = order.lines.find(({ id }) => id === lineId);
  const part = line?.components?.find((component) => component.variantId === variantId) ?? line;
  return { sku: part?.sku ?? '', title: part?.title ?? '' };
}
