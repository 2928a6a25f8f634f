import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Money } from '../../platform/money/money.js';
import type { InvoiceLine } from '../invoice/invoice-content.js';
import { dayIn } from '../ledger/day.js';
import { PeriodRepository } from '../ledger/period.repository.js';
import { addDays } from '../subscription/periods.js';
import { DeferralRepository, type Release } from './deferral.repository.js';
import { earnedBefore, earnedOnly, leftFrom, parted, type RevenueSchedule } from './revenue-schedule.js';
import { type ReleaseSource, ScheduleChanges } from './schedule-changes.js';

/** What of the net amount of a line, by its id, is held back in the books; of the others nothing is. */
export type Held = ReadonlyMap<string, Money>;

type Document = { readonly id: string; readonly subscriptionId: string | null };
type Line = Pick<InvoiceLine, 'id' | 'net' | 'revenue' | 'period'>;
type Lines = { readonly lines: readonly Line[] };

/**
 * What is charged for days to come, and is no income before they are over. All of it by the calendar of the books, in the time zone
 * of the seller, also where the days of a subscription are those of another zone: a month of the books is whole when it is over.
 *
 * - The days of a line that are over when it is invoiced are income with the invoice; only the rest is held.
 * - What is given back comes first out of what is held for the days from then on; what was earned by then stays earned, and the rest
 *   is given back out of income: of a credit note in `contra:refunds`, of a line below zero where the line itself stands. A change
 *   that waits for the next invoice is in no document before it, so its days are earned as they were charged.
 * - A credit note of a line below zero charges again what that line had given back: it is held again for the days that are left.
 * - A void invoice takes back all it has brought, held or earned; what its lines had given back of others is held again for the days
 *   that are left, and is income for those that are over.
 * - A write-off changes nothing here: `expense:bad_debt` has the whole of it, and takes it back when money comes all the same.
 * - Where a subscription ends before its days are over, nobody has a claim to the rest any more unless it is credited. It is earned
 *   on the day of the end: sooner would be more than was done, later would be for days on which nothing is done.
 *
 * In the caller's transaction, under the lock of the invoice, or of the subscription.
 */
@Injectable()
export class Deferrals {
  constructor(
    private readonly rows: DeferralRepository,
    private readonly periods: PeriodRepository,
    private readonly clock: Clock,
  ) {}

  /** An invoice gets its number: what of its lines is held, or, below zero, no longer held of those before. */
  async begin({ id: invoiceId, subscriptionId }: Document, lines: readonly Line[]): Promise<Held> {
    const held = new Map<string, Money>();
    const mine = lines.flatMap((line) =>
      line.revenue !== 'deferred' || line.period === null
        ? []
        : [{ ...line, net: Money.fromJSON(line.net), period: line.period }],
    );
    if (mine.length === 0) return held;
    const { today, ended } = await this.calendar(subscriptionId);
    const [less, more] = [
      mine.filter(({ net }) => net.isNegative()),
      mine.filter(({ net }) => !net.isNegative()),
    ];
    const isLess = less.length > 0 && subscriptionId !== null;
    const changes = new ScheduleChanges(isLess ? await this.rows.ofSubscription(subscriptionId) : []);
    // Before its own lines: none of them is given back by the others.
    for (const { id, net, period } of isLess ? less : []) {
      const [from, to] = [period.start, addDays(period.end, 1)];
      const there = changes.open.filter((one) => one.from < to && from < one.to);
      const likely = [...there.filter((one) => one.to === to), ...there.filter((one) => one.to !== to)];
      const source = { type: 'invoice', id: invoiceId, lineId: id } as const;
      const day = from > today ? from : today;
      held.set(id, take(changes, likely, day, net.negated(), source).negated());
    }
    for (const { id: lineId, net, period } of more) {
      const from = period.start;
      const last = ended !== null && ended < period.end ? ended : period.end;
      const to = addDays(last < from ? from : last, 1);
      const amount = net.minus(earnedBefore({ amount: net, from, to }, today));
      if (amount.isZero()) continue;
      held.set(lineId, amount);
      const first = from > today ? from : today;
      const course = { from: first, to, next: first, earned: Money.zero(net.currency), heldSince: today };
      changes.add({ invoiceId, lineId, subscriptionId, amount, ...course });
    }
    await this.write(changes);
    return held;
  }

  /** A credit note gives back lines of an invoice: what of them was still held; below zero, what is held again of those before. */
  async giveBack(creditNoteId: string, charged: Document & Lines, lines: readonly Line[]): Promise<Held> {
    const held = new Map<string, Money>();
    const mine = lines.filter(({ revenue }) => revenue === 'deferred');
    if (mine.length === 0) return held;
    const { today, ended } = await this.calendar(charged.subscriptionId);
    const changes = new ScheduleChanges(await this.rows.ofInvoice(charged.id));
    const isMore = ended === null && mine.some(({ net }) => net.amount < 0);
    const releases = isMore ? await this.rows.releasesBy(charged.id) : [];
    const wholes = new Map(charged.lines.map(({ id, net }) => [id, net.amount]));
    for (const { id, net } of mine) {
      const source = { type: 'credit_note', id: creditNoteId, lineId: id } as const;
      const amount = Money.fromJSON(net);
      const there = changes.open.filter((one) => one.invoiceId === charged.id && one.lineId === id);
      const taken = amount.isNegative()
        ? holdAgain(changes, releases, today, { source, amount, whole: wholes.get(id) ?? null }).negated()
        : take(changes, there, today, amount, source);
      held.set(id, taken);
    }
    await this.write(changes);
    return held;
  }

  /** An invoice is void: what of its lines was still held; below zero, what is held again of those before. */
  async drop({ id: invoiceId, subscriptionId }: Document): Promise<Held> {
    const held = new Map<string, Money>();
    const add = (lineId: string, amount: Money) =>
      held.set(lineId, (held.get(lineId) ?? Money.zero(amount.currency)).plus(amount));
    const changes = new ScheduleChanges(await this.rows.ofInvoice(invoiceId));
    for (const schedule of changes.open) {
      add(schedule.lineId, schedule.amount.minus(schedule.earned));
      changes.part(schedule, earnedOnly(schedule));
    }
    const releases = await this.rows.releasesBy(invoiceId);
    const { today, ended } = await this.calendar(releases.length > 0 ? subscriptionId : null);
    for (const { sourceLineId, isVoid, ...of } of ended === null ? releases : []) {
      const again = isVoid ? null : daysLeft(of, today);
      if (again === null) continue;
      changes.add({ ...again, heldSince: today });
      add(sourceLineId, again.amount.negated());
    }
    await this.write(changes);
    return held;
  }

  /** A subscription has ended: what is held of it is earned on that day. Safe to repeat. */
  async end(subscriptionId: string): Promise<void> {
    const { ended: day } = await this.calendar(subscriptionId);
    if (day === null) return;
    const changes = new ScheduleChanges(await this.rows.ofSubscription(subscriptionId));
    for (const schedule of changes.open) {
      const { from, next, to } = schedule;
      const first = [from, next, day].reduce((one, other) => (one > other ? one : other));
      if (to <= addDays(first, 1)) continue;
      const left = leftFrom(schedule, first);
      changes.part(schedule, parted(schedule, first, left, addDays(first, 1)));
    }
    await this.write(changes);
  }

  private async write(changes: ScheduleChanges): Promise<void> {
    if (!changes.isNone) await this.rows.write(changes);
  }

  /** Today by the calendar of the books, and the day on which a subscription has ended; null: it has not. */
  private async calendar(subscriptionId: string | null): Promise<{ today: string; ended: string | null }> {
    const zone = await this.periods.timeZone();
    const at = subscriptionId === null ? null : await this.rows.endOf(subscriptionId);
    return { today: dayIn(zone, this.clock.now()), ended: at && dayIn(zone, at) };
  }
}

/** Takes up to so much out of schedules, of their days since one; answers how much that was. */
function take(
  changes: ScheduleChanges,
  schedules: readonly RevenueSchedule[],
  day: string,
  wanted: Money,
  source: ReleaseSource,
): Money {
  let left = wanted;
  for (const schedule of schedules) {
    const there = leftFrom(schedule, day);
    const taken = there.compare(left) < 0 ? there : left;
    if (taken.isZero()) continue;
    changes.part(schedule, parted(schedule, day, there.minus(taken)));
    changes.release(source, schedule, day > schedule.next ? day : schedule.next, taken);
    left = left.minus(taken);
  }
  return wanted.minus(left);
}

/**
 * So much of a line below zero (`whole`) is charged again: the part of what it had given back, of the days that are left, is held
 * again, and the others are income. Rounded down, so that it is never more than was given back, in however many steps.
 */
function holdAgain(
  changes: ScheduleChanges,
  releases: readonly Release[],
  today: string,
  { source, amount: net, whole }: { source: ReleaseSource; amount: Money; whole: number | null },
): Money {
  let held = Money.zero(net.currency);
  if (whole === null) return held;
  for (const { sourceLineId, isVoid, ...of } of releases) {
    if (sourceLineId !== source.lineId || isVoid) continue;
    const part = Money.of((of.amount.amount * net.amount) / BigInt(whole), net.currency);
    const again = daysLeft({ ...of, amount: part }, today);
    if (again === null) continue;
    changes.add({ ...again, heldSince: today });
    changes.release(source, again, again.from, again.amount.negated());
    held = held.plus(again.amount);
  }
  return held;
}

/** The part of what is charged again that is for days to come; the days before today are income. Null: all of it is. */
function daysLeft(of: Omit<Release, 'sourceLineId' | 'isVoid'>, today: string) {
  const amount = of.to <= today ? null : of.amount.minus(earnedBefore(of, today));
  if (amount === null || amount.isZero()) return null;
  const first = of.from > today ? of.from : today;
  return { ...of, amount, from: first, next: first, earned: Money.zero(amount.currency) };
}
