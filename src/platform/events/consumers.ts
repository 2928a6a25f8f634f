import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
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

/** Everybody who hears events or runs by the clock, found at the start. */
@Injectable()
export class Consumers implements OnModuleInit {
  private readonly consumers = new Map<string, Consumer>();
  private readonly jobs = new Map<string, ScheduledJob>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
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

  /** Who hears this type of event. */
  of(type: string): Consumer[] {
    return [...this.consumers.values()].filter((consumer) => consumer.event.type === type);
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
