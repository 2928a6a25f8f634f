import { Bool, Instant, Integer, ListOf, Nested, OneOf, Text, Uuid } from '../http/fields.js';
import { ADVANCEMENT_STATES } from './clock-advancements.js';

const MAX = Number.MAX_SAFE_INTEGER;

export class ClockSpanDto {
  @Integer({ min: 0, max: 366, optional: true, default: 0 })
  days: number = 0;

  @Integer({ min: 0, max: 8_784, optional: true, default: 0 })
  hours: number = 0;
}

export class AdvanceClockDto {
  @Instant({ optional: true, description: 'In the store’s time, after its present; or `by`.' })
  to?: string;

  @Nested(() => ClockSpanDto, { optional: true, description: 'From the store’s present; or `to`.' })
  by?: ClockSpanDto;
}

export class ClockFailureDto {
  @Text({ max: 100, example: 'catalog.refresh_feeds' })
  job: string;

  @Integer({ min: 1, max: MAX, description: 'Steps in which it failed; the log says why.' })
  steps: number;
}

export class ClockFactDto {
  @Text({ max: 100, example: 'ordering.order_expired' })
  type: string;

  @Integer({ min: 1, max: MAX })
  count: number;
}

export class ClockAdvancementDto {
  @Uuid()
  id: string;

  @OneOf(ADVANCEMENT_STATES)
  state: string;

  @Text({ max: 100, description: 'Id of who asked for it.' })
  requestedBy: string;

  @Instant({ description: 'Where the clock stood, in the store’s time.' })
  from: string;

  @Instant({ description: 'Where it goes.' })
  to: string;

  @Instant({ description: 'How far it was moved; from there it goes on by itself.' })
  reached: string;

  @Integer({ min: 0, max: MAX, description: 'Stops that it has made, the last one included.' })
  steps: number;

  @Integer({
    min: 0,
    max: MAX,
    description: 'Stops after which something was still busy after 15 seconds: see `GET /v1/admin/jobs`.',
  })
  unsettledSteps: number;

  @ListOf(() => ClockFailureDto, { max: 1_000, description: 'Periodic jobs that failed.' })
  failures: ClockFailureDto[];

  @ListOf(() => ClockFactDto, {
    max: 1_000,
    description: 'Facts that became known meanwhile, whoever caused them; `GET /v1/admin/events` has each.',
  })
  facts: ClockFactDto[];

  @Text({ max: 500, nullable: true, description: 'Why it stopped before its end (`failed`).' })
  error: string | null;

  @Instant({ description: 'In real time.' })
  createdAt: string;

  @Instant({ nullable: true, description: 'In real time.' })
  finishedAt: string | null;
}

export class TestClockDto {
  @Instant({ description: 'The store’s time.' })
  now: string;

  @Integer({ min: 0, max: MAX, description: 'Seconds by which it is ahead of real time.' })
  aheadSeconds: number;

  @Bool({ description: 'False in production.' })
  movable: boolean;

  @Nested(() => ClockAdvancementDto, { nullable: true, description: 'The last one that was asked for.' })
  advancement: ClockAdvancementDto | null;
}
