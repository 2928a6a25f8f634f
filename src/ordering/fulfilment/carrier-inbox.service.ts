import { Injectable } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CarrierEventsReceived, FulfilmentReported } from '../ordering.events.js';
import type { CarrierEventDto, CarrierEventQuery } from './carrier.dto.js';
import { CarrierInboxRepository } from './carrier-inbox.repository.js';
import { BadCarrierSignature, type CarrierNotice, readNotice, UnreadableNotice } from './carrier-notice.js';
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
    private readonly config: Config,
    private readonly moves: FulfilmentMoves,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** Kept before the carrier hears 200. 404 for a carrier that this shop does not listen to. */
  async receive(carrier: string, raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<void> {
    const secret = this.config.carrierSecrets.get(carrier);
    if (secret === undefined) throw platformProblems.not_found();
    const notices = read(secret, raw, headers['carrier-signature']);
    await this.database.transaction(async () => {
      const eventIds = await this.inbox.keep(carrier, notices, this.clock.now());
      if (eventIds.length > 0) this.outbox.record(new CarrierEventsReceived({ carrier, eventIds }));
    });
  }

  /**
   * In the caller's transaction: says which fulfilments the events are about. Each is looked at in a transaction of its own, so that
   * none waits for another's order, nor for one that goes wrong.
   */
  async spread(carrier: string, eventIds: readonly string[]): Promise<void> {
    for (const fulfilmentId of await this.inbox.fulfilmentsOf(carrier, eventIds))
      this.outbox.record(new FulfilmentReported({ fulfilmentId }));
    await this.inbox.sort(carrier, eventIds);
  }

  /** In the caller's transaction: what follows from all that carriers have told of it. */
  async work(fulfilmentId: string): Promise<void> {
    await this.moves.deliverWhenArrived(fulfilmentId, carriers);
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
}

function read(secret: string, raw: Buffer, signature: unknown): readonly CarrierNotice[] {
  try {
    return readNotice(secret, raw, signature);
  } catch (error) {
    if (error instanceof BadCarrierSignature) throw fulfilmentProblems.bad_carrier_signature();
    if (error instanceof UnreadableNotice)
      throw platformProblems.invalid_input(undefined, {
        errors: [{ pointer: error.pointer, code: 'malformed', message: error.message }],
      });
    throw error;
  }
}
