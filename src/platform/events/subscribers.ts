import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { DomainEvent, EventClass } from './event.js';

/** Work of one kind waits only for its like: a long import does not hold up a mail. */
export const QUEUES = ['events', 'mail', 'imports', 'exports', 'media', 'scheduled'] as const;
export type QueueName = (typeof QUEUES)[number];

export interface OnOptions {
  queue?: Exclude<QueueName, 'scheduled'>;
  /**
   * True (the default): the handler runs in the transaction that marks its delivery done, so its effect happens
   * once. False: it talks to the outside or works in several transactions, and must be safe to repeat.
   */
  transactional?: boolean;
}

export const SUBSCRIBER = 'guildhall:subscriber';
export const ON = 'guildhall:on';
export const EVERY = 'guildhall:every';

export interface Subscription extends Required<OnOptions> {
  event: EventClass;
}

export interface Schedule {
  name: string;
  milliseconds: number;
  time: 'store' | 'real';
}

export interface EveryOptions {
  /**
   * By which time it judges: that of the store (the default), which a sandbox may move and which then runs it at each of its
   * stops; or real time, as what looks after leases, sessions and keys.
   */
  time?: 'store' | 'real';
}

/** A class whose methods hear events (`@On`) or run by the clock (`@Every`). */
export const Subscriber = () => applyDecorators(Injectable(), SetMetadata(SUBSCRIBER, true));

/** Hears a fact. The consumer's name is class and method: renaming it makes a new consumer. */
export function On<E extends DomainEvent>(event: EventClass<E>, options: OnOptions = {}) {
  return (
    _target: object,
    _name: string,
    descriptor: TypedPropertyDescriptor<(event: E) => Promise<void>>,
  ): void => {
    const subscription: Subscription = {
      event,
      queue: options.queue ?? 'events',
      transactional: options.transactional ?? true,
    };
    Reflect.defineMetadata(ON, subscription, descriptor.value as object);
  };
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Runs again and again (`30s`, `5m`, `1h`), on one worker at a time. `name` is `module.what_it_does`, unique. */
export function Every(interval: string, name: string, { time = 'store' }: EveryOptions = {}) {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(interval) ?? [];
  if (!count || !unit) throw new Error(`@Every('${interval}'): use a number and ms, s, m, h or d`);
  const schedule: Schedule = { name, milliseconds: Number(count) * (UNITS[unit] ?? 1), time };
  return <T>(_target: object, _name: string, descriptor: TypedPropertyDescriptor<() => Promise<T>>): void => {
    Reflect.defineMetadata(EVERY, schedule, descriptor.value as object);
  };
}
