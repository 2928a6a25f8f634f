import { newId } from '../../platform/ids.js';
import type { Money } from '../../platform/money/money.js';
import type { Parted, RevenueSchedule } from './revenue-schedule.js';

/** What gives back revenue before it is earned: a line of a credit note, or of a later invoice. */
export interface ReleaseSource {
  readonly type: 'invoice' | 'credit_note';
  readonly id: string;
  readonly lineId: string;
}

/** So much of a schedule, of its days since one, was given back; below zero, is held again. */
export interface NewRelease {
  readonly source: ReleaseSource;
  readonly of: Pick<RevenueSchedule, 'invoiceId' | 'lineId' | 'subscriptionId' | 'to'>;
  readonly since: string;
  readonly amount: Money;
}

/** What a document makes of schedules. Its lines are counted one after the other, and all of it is written at once. */
export class ScheduleChanges {
  readonly gone = new Set<string>();
  readonly cut = new Map<string, RevenueSchedule>();
  readonly added = new Map<string, RevenueSchedule>();
  readonly releases: NewRelease[] = [];

  /** Those that it may change, which are locked; what is made meanwhile stands before them. */
  constructor(private present: readonly RevenueSchedule[] = []) {}

  /** Those that are not earned whole, as they are by now. */
  get open(): readonly RevenueSchedule[] {
    return this.present;
  }

  get isNone(): boolean {
    return this.gone.size + this.cut.size + this.added.size + this.releases.length === 0;
  }

  add(one: Omit<RevenueSchedule, 'id'>): void {
    const schedule = { ...one, id: newId() };
    this.added.set(schedule.id, schedule);
    this.present = [schedule, ...this.present];
  }

  /** Its days before stay, those since are others. */
  part(schedule: RevenueSchedule, { before, since }: Parted): void {
    const { id } = schedule;
    const left = before && { ...schedule, ...before };
    this.present = this.present.flatMap((one) => {
      if (one.id !== id) return [one];
      return left !== null && left.next < left.to ? [left] : [];
    });
    const isNew = this.added.delete(id);
    this.cut.delete(id);
    if (left !== null) (isNew ? this.added : this.cut).set(id, left);
    else if (!isNew) this.gone.add(id);
    if (since !== null) this.add(since);
  }

  release(source: ReleaseSource, of: NewRelease['of'], since: string, amount: Money): void {
    this.releases.push({ source, of, since, amount });
  }
}
