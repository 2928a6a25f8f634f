import { Injectable } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CarrierEventsReceived } from '../ordering.events.js';
import {
  BadCarrierSignature,
  CarrierGateway,
  type CarrierNotice,
  UnreadableNotice,
} from './carrier-gateway.port.js';
import type { CarrierEventDto, CarrierEventQuery } from './carrier.dto.js';
import { CarrierInboxRepository } from './carrier-inbox.repository.js';
import { fulfilmentProblems } from './fulfilment.errors.js';
import { FulfilmentMoves } from './fulfilment-moves.service.js';

const carriers = system('ordering.carriers');
/** Orphans are kept as long as somebody may still write down their number. */
const ORPHAN_DAYS = 90;

/**
 * Takes in what carriers tell. Events come twice, in any order, and before their parcel is known here: they are kept as they
 * are, and what follows from them is asked of all that is kept.
 */
@Injectable()
export class CarrierInbox {
  constructor(
    private readonly database: Database,
    private readonly inbox: CarrierInboxRepository,
    private readonly gateway: CarrierGateway,
    private readonly moves: FulfilmentMoves,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** Kept before the carrier hears 200. 404 for a carrier that this shop does not listen to. */
  async receive(carrier: string, raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<void> {
    if (!this.gateway.knows(carrier)) throw platformProblems.not_found();
    const notices = this.read(carrier, raw, headers);
    await this.database.transaction(async () => {
      const eventIds = await this.inbox.keep(carrier, notices, this.clock.now());
      if (eventIds.length > 0) this.outbox.record(new CarrierEventsReceived({ carrier, eventIds }));
    });
  }

  /** In the caller's transaction: what follows from events that are kept. */
  async work(carrier: string, eventIds: readonly string[]): Promise<void> {
    for (const id of await this.inbox.fulfilmentsOf(carrier, eventIds))
      await this.moves.deliverWhenArrived(id, carriers);
    await this.inbox.sort(carrier, eventIds);
  }

  /** In the caller's transaction: a fulfilment has left, or has other numbers; carriers may have told of them already. */
  async adopt(fulfilmentId: string): Promise<void> {
    await this.moves.deliverWhenArrived(fulfilmentId, carriers);
    await this.inbox.adopt(fulfilmentId);
  }

  async list({ limit, cursor, ...filter }: CarrierEventQuery): Promise<Page<CarrierEventDto>> {
    const list = `carrier-events:${JSON.stringify(filter)}`;
    const key = this.cursors.decode(list, cursor);
    const after = key && { receivedAt: String(key[0]), eventId: String(key[1]) };
    const rows = await this.inbox.list(filter, after, limit);
    const page = this.cursors.page(list, rows, limit, (row) => [row.receivedKey, row.eventId]);
    return {
      ...page,
      items: page.items.map(({ receivedKey: _, ...row }) => ({
        ...row,
        occurredAt: row.occurredAt.toISOString(),
        receivedAt: row.receivedAt.toISOString(),
      })),
    };
  }

  forgetOrphans(): Promise<number> {
    return this.inbox.forgetOrphans(new Date(this.clock.now().getTime() - ORPHAN_DAYS * 86_400_000));
  }

  private read(
    carrier: string,
    raw: Buffer,
    headers: Readonly<Record<string, unknown>>,
  ): readonly CarrierNotice[] {
    try {
      return this.gateway.parse(carrier, raw, headers);
    } catch (error) {
      if (error instanceof BadCarrierSignature) throw fulfilmentProblems.bad_carrier_signature();
      if (error instanceof UnreadableNotice)
        throw platformProblems.invalid_input(undefined, {
          errors: [{ pointer: error.pointer, code: 'malformed', message: error.message }],
        });
      throw error;
    }
  }
}
