import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { KeptCalendar } from './delivery-estimate.js';

@Injectable()
export class ShippingCalendarRepository {
  constructor(private readonly database: Database) {}

  async find(): Promise<KeptCalendar | undefined> {
    const [calendar] = await this.database.query<KeptCalendar>(SELECT);
    return calendar;
  }

  async locked(): Promise<KeptCalendar | undefined> {
    const [calendar] = await this.database.query<KeptCalendar>(`${SELECT} FOR UPDATE`);
    return calendar;
  }

  async update({
    timeZone,
    cutOff,
    processingDays,
    workingDays,
    holidays,
    version,
  }: KeptCalendar): Promise<void> {
    const values = [timeZone, cutOff, processingDays, workingDays, JSON.stringify(holidays), version];
    await this.database.execute(UPDATE, values);
  }
}

const SELECT = `
  SELECT time_zone AS "timeZone", cut_off AS "cutOff", processing_days AS "processingDays",
    working_days AS "workingDays", holidays, version
  FROM ordering.shipping_calendar`;
const UPDATE = `
  UPDATE ordering.shipping_calendar SET time_zone = $1, cut_off = $2, processing_days = $3, working_days = $4,
    holidays = $5, version = $6`;
