import { Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { Problem } from '../../platform/http/problem.js';
import { AuthorizationExpiring } from '../billing.events.js';
import { CaptureRepository, RELEASE_TRIES } from './capture.repository.js';
import { Captures } from './capture.service.js';
import { HoldEnd } from './hold-end.service.js';
import { PaymentRepository } from './payment.repository.js';

const WARN_MS = 86_400_000;
const PAUSE_MS = 300_000;
const AT_ONCE = 100;

/** Holds do not last: a day before one ends staff hear of it, and at its end it is released here too. */
@Subscriber()
export class HoldJobs {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly holds: CaptureRepository,
    private readonly captures: Captures,
    private readonly rows: PaymentRepository,
    private readonly end: HoldEnd,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  @Every('5m', 'billing.end_holds')
  async endHolds(): Promise<void> {
    const now = this.clock.now();
    const soon = new Date(now.getTime() + WARN_MS);
    for (const { id, isOver } of await this.holds.ending(now, soon, AT_ONCE)) {
      try {
        if (isOver) await this.release(id, now);
        else await this.warn(id, now);
      } catch (error) {
        // A capture is under way, or the gateway is away: the next look finds out, and the others get theirs now.
        if (error instanceof Problem) await this.holds.lookLater(id, new Date(now.getTime() + PAUSE_MS));
        else this.log.warn(`the hold of payment ${id} could not be ended: ${String(error)}`);
      }
    }
  }

  private async warn(id: string, now: Date): Promise<void> {
    await this.database.transaction(async () => {
      const payment = await this.rows.lockPayment(id);
      if (payment === null || payment.captureBefore === null || !(await this.holds.tellOnce(id, now))) return;
      const { orderId, invoiceId, held, captureBefore } = payment;
      this.log.warn(`payment ${id}: what is held is let go at ${captureBefore.toISOString()}`);
      this.outbox.record(
        new AuthorizationExpiring({
          ...{ paymentId: id, orderId, invoiceId },
          amount: held.toJSON(),
          captureBefore: captureBefore.toISOString(),
        }),
      );
    });
  }

  private async release(id: string, now: Date): Promise<void> {
    const begun = await this.database.transaction(async () => {
      const tries = await this.holds.tryRelease(id, now);
      return tries === null ? null : { tries, ...(await this.captures.release(id)) };
    });
    if (begun === null) return;
    await this.end.send(id, begun.operationId);
    if (begun.tries < RELEASE_TRIES || (await this.rows.find(id))?.status !== 'authorized') return;
    this.log.error(`payment ${id} needs a person: its gateway does not let go what is held`);
  }
}
