import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Database } from '../database/database.js';
import type { DomainEvent } from './event.js';
import { EVERY, ON, type Schedule, SUBSCRIBER, type Subscription } from './subscribers.js';

export interface Consumer extends Subscription {
  /** `OrderMails.confirm`: kept in the deliveries. */
  name: string;
  handle(event: DomainEvent): Promise<void>;
}

export interface ScheduledJob extends Schedule {
  run(): Promise<unknown>;
}

/**
 * Everybody who hears events or runs by the clock, found at the start. Who hears what is written down as well, since
 * during a rolling deploy the relay of an older process hands out facts that only a newer one knows hearers of.
 */
@Injectable()
export class Consumers implements OnModuleInit, OnApplicationBootstrap {
  private readonly consumers = new Map<string, Consumer>();
  private readonly jobs = new Map<string, ScheduledJob>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (!instance || !metatype || !Reflect.hasMetadata(SUBSCRIBER, metatype)) continue;
      const methods = instance as Record<string, (event?: DomainEvent) => Promise<void>>;
      for (const name of this.scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
        this.register(`${metatype.name}.${name}`, methods, name);
      }
    }
  }

  onApplicationBootstrap(): Promise<void> {
    return this.enlist();
  }

  /** Writes down who hears what, and that they are still there. */
  async enlist(): Promise<void> {
    const consumers = [...this.consumers.values()];
    await this.database.execute(ENLIST, [
      consumers.map(({ name }) => name),
      consumers.map(({ event }) => event.type),
      consumers.map(({ queue }) => queue),
    ]);
  }

  /** Strikes off those whom no process has known for a day: their code is gone, and nobody would hear. */
  strikeOff(): Promise<number> {
    return this.database.execute(STRIKE_OFF);
  }

  find(name: string): Consumer | undefined {
    return this.consumers.get(name);
  }

  scheduled(): ScheduledJob[] {
    return [...this.jobs.values()];
  }

  job(name: string): ScheduledJob | undefined {
    return this.jobs.get(name);
  }

  private register(
    name: string,
    methods: Record<string, (event?: DomainEvent) => Promise<void>>,
    method: string,
  ): void {
    const handler = methods[method];
    if (typeof handler !== 'function') return;
    const subscription = Reflect.getMetadata(ON, handler) as Subscription | undefined;
    if (subscription) {
      if (this.consumers.has(name)) throw new Error(`two consumers are called ${name}`);
      this.consumers.set(name, { ...subscription, name, handle: (event) => handler.call(methods, event) });
    }
    const schedule = Reflect.getMetadata(EVERY, handler) as Schedule | undefined;
    if (schedule) {
      if (this.jobs.has(schedule.name)) throw new Error(`the job ${schedule.name} has two handlers`);
      this.jobs.set(schedule.name, { ...schedule, run: () => handler.call(methods) });
    }
  }
}

// In the order of the names, so that processes which start together do not wait for each other in a circle.
const ENLIST = `
  INSERT INTO platform.consumers (name, type, queue)
  SELECT name, type, queue FROM unnest($1::text[], $2::text[], $3::text[]) AS c (name, type, queue) ORDER BY name
  ON CONFLICT (name) DO UPDATE SET type = excluded.type, queue = excluded.queue, seen_at = now()`;
const STRIKE_OFF = `DELETE FROM platform.consumers WHERE seen_at < now() - interval '1 day'`;
