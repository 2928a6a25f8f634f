import { Integer, ListOf, Text, TextList } from '../../platform/http/fields.js';
import { WEEKDAYS, type Weekday } from './delivery-estimate.js';

const TIME = {
  max: 5,
  pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
  patternHint: 'must be a time of day such as 14:00',
  example: '14:00',
} as const;
const DAYS = { min: 1, max: 7, maxLength: 9, values: WEEKDAYS, unique: true } as const;
const ZONE = {
  max: 60,
  example: 'Europe/Berlin',
  description: 'IANA name of the shop’s time zone.',
} as const;
const CUT_OFF = 'What is ordered before it, on the clock of the shop, is taken up on the same day.';
const PROCESSING = 'Working days until a parcel is handed over; 0: on the day itself.';

export class HolidayDto {
  @Text({ max: 10, pattern: /^\d{4}-\d\d-\d\d$/, example: '2026-12-25' })
  date: string;

  @Text({ max: 100, example: 'Christmas' })
  title: string;
}

export class ShippingCalendarDto {
  @Text(ZONE)
  timeZone: string;

  @Text({ ...TIME, description: CUT_OFF })
  cutOff: string;

  @Integer({ min: 0, max: 60, description: PROCESSING })
  processingDays: number;

  @TextList(DAYS)
  workingDays: Weekday[];

  @ListOf(() => HolidayDto, { max: 1000 })
  holidays: HolidayDto[];

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}

export class ShippingCalendarPatch {
  @Text({ ...ZONE, optional: true })
  timeZone?: string;

  @Text({ ...TIME, optional: true, description: CUT_OFF })
  cutOff?: string;

  @Integer({ min: 0, max: 60, optional: true, description: PROCESSING })
  processingDays?: number;

  @TextList({ ...DAYS, optional: true })
  workingDays?: Weekday[];

  @ListOf(() => HolidayDto, {
    max: 1000,
    optional: true,
    uniqueBy: 'date',
    description: 'Replaced as a whole.',
  })
  holidays?: HolidayDto[];
}
