import { Injectable } from '@nestjs/common';
import { BillingApi } from '../../billing/billing.api.js';
import { CatalogApi } from '../../catalog/catalog.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { orderProblems } from '../order/order.errors.js';
import { leftToSend, type Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { isSent } from '../order/order.statuses.js';
import { Dispatch, requireSendable } from './dispatch.service.js';
import { isOpen, type Piece } from './fulfilment.js';
import type { FulfilOrderDto } from './fulfilment.dto.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import { FulfilmentRepository } from './fulfilment.repository.js';
import { shipmentOf } from './shipment.js';
import { type Place, Shelf, type Share, split } from './split.js';

/** Begins what is sent: all of an order or pieces of it, planned first or sent at once. */
@Injectable()
export class FulfilmentService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly fulfilments: FulfilmentRepository,
    private readonly dispatch: Dispatch,
    private readonly catalog: CatalogApi,
    private readonly billing: BillingApi,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * One fulfilment for each location that gives something. Planned pieces count as gone for the next one, so that no piece is
   * planned or sent twice; under the lock of the order, whoever comes at once.
   */
  async fulfil(actor: Actor, id: string, input: FulfilOrderDto, version: number | null): Promise<void> {
    await this.database.transaction(async () => {
      // The payment is locked before the order, here as everywhere; a refund that is accepted now is seen.
      const payments = await this.billing.lockPaymentsOf(id);
      const order = await this.orders.locked(id);
      if (!order) throw platformProblems.not_found();
      requireVersion(version, order.version);
      requireSendable(order, payments);
      const shares = await this.sharesOf(order, input);
      const shipment = shipmentOf(input, { carrier: null, service: null, parcels: [] });
      const state = input.shipNow === false ? ('pending' as const) : ('shipped' as const);
      const made = shares.map(({ place, lines, picks }) => ({
        ...{ id: newId(), state, lines, picks, ...shipment },
        location: place?.code ?? null,
        locationName: place?.name ?? null,
      }));
      for (const one of made) await this.fulfilments.insert(id, one, { actor, at: this.clock.now() });
      if (state === 'shipped') await this.dispatch.sent(order, made, actor);
      else await this.dispatch.planned(order, 'fulfilment_planned', actor);
      this.audit.record({
        actor,
        action: state === 'shipped' ? 'ordering.order.fulfilled' : 'ordering.order.fulfilment_planned',
        subjectType: 'order',
        subjectId: id,
        details: { fulfilments: made.map(({ id: fulfilmentId, lines }) => ({ fulfilmentId, lines })) },
      });
    });
  }

  /** As the stock was split, or all of it from the one location that is named. */
  private async sharesOf(order: Order, { lines, location }: FulfilOrderDto): Promise<Share[]> {
    const wanted = contentsOf(order, lines);
    const only = location === undefined ? null : await this.placeOf(location);
    const planned = order.fulfilments.filter(isOpen).flatMap(({ picks }) => picks);
    const shelf = new Shelf(await this.catalog.sources(order.id), planned);
    const { shares, missing } = split(order.lines, wanted, shelf, only);
    // Whoever names a place and no lines takes what it gives.
    const isFault = missing.length > 0 && (only === null || lines !== undefined);
    if (isFault) {
      const errors = missing.map(({ lineId, most }) => {
        const index = wanted.findIndex((piece) => piece.lineId === lineId);
        return tooMany(index, most, only ? 'lie there for this order' : 'lie ready for this order');
      });
      throw orderProblems.order_not_fulfillable(undefined, { errors });
    }
    if (shares.length === 0) throw orderProblems.order_not_fulfillable('The location gives nothing to it.');
    return shares;
  }

  private async placeOf(code: string): Promise<Place> {
    const name = await this.catalog.locationName(code);
    if (name === null)
      throw fulfilmentProblems.unknown_location(undefined, {
        errors: [{ pointer: '/location', code: 'unknown_location', message: 'is not known' }],
      });
    return { code, name };
  }
}

const tooMany = (index: number, most: number, why: string): FieldError => ({
  pointer: `/lines/${index}/quantity`,
  code: 'max_left',
  message: `at most ${most} ${why}`,
});

/** What is to be sent: what was asked for, or all that is left. */
function contentsOf(order: Order, wanted: readonly Piece[] | undefined): Piece[] {
  const left = order.lines
    .filter(isSent)
    .map((line) => ({ lineId: line.id, quantity: leftToSend(line) }))
    .filter(({ quantity }) => quantity > 0);
  if (wanted === undefined) {
    if (left.length === 0) throw orderProblems.order_not_fulfillable('Nothing is left to send.');
    return left;
  }
  const errors = wanted.flatMap(({ lineId, quantity }, index) => {
    const rest = left.find((piece) => piece.lineId === lineId)?.quantity ?? 0;
    const twice = wanted.findIndex((piece) => piece.lineId === lineId) !== index;
    return quantity <= rest && !twice ? [] : [tooMany(index, twice ? 0 : rest, 'left to send')];
  });
  if (errors.length > 0) throw orderProblems.order_not_fulfillable(undefined, { errors });
  return wanted.map(({ lineId, quantity }) => ({ lineId, quantity }));
}
