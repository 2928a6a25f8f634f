import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { isDate, isTimeZone, type KeptCalendar } from './delivery-estimate.js';
import { present, RuleChanges } from '../selling/rule-changes.service.js';
import type { ShippingCalendarPatch } from './shipping-calendar.dto.js';
import { ShippingCalendarRepository } from './shipping-calendar.repository.js';

/** The days on which the shop works. Orders keep the dates that they were told. */
@Injectable()
export class ShippingCalendars {
  constructor(
    private readonly calendars: ShippingCalendarRepository,
    private readonly changes: RuleChanges,
  ) {}

  async get(): Promise<KeptCalendar> {
    const calendar = await this.calendars.find();
    if (!calendar) throw platformProblems.not_found();
    return calendar;
  }

  async update(actor: Actor, patch: ShippingCalendarPatch, version: number | null): Promise<KeptCalendar> {
    refuseOdd(patch);
    return this.changes.save(async () => {
      const before = present(await this.calendars.locked(), version);
      const holidays = [...(patch.holidays ?? before.holidays)].sort((a, b) => (a.date < b.date ? -1 : 1));
      const calendar: KeptCalendar = { ...before, ...patch, holidays, version: before.version + 1 };
      await this.calendars.update(calendar);
      const details = { fields: Object.keys(patch), version: calendar.version };
      this.changes.record(actor, { subject: 'shipping_calendar', what: 'updated', id: 'shop', details });
      return calendar;
    });
  }
}

function refuseOdd({ timeZone, holidays = [] }: ShippingCalendarPatch): void {
  const errors: FieldError[] = holidays.flatMap(({ date }, index) =>
    isDate(date)
      ? []
      : [{ pointer: `/holidays/${index}/date`, code: 'not_date', message: 'must be a day of the calendar' }],
  );
  if (timeZone !== undefined && !isTimeZone(timeZone))
    errors.push({
      pointer: '/timeZone',
      code: 'not_time_zone',
      message: 'must be a name such as Europe/Berlin',
    });
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}
