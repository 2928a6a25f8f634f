import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { currentRequest } from '../http/request-context.js';
import type { DomainEvent } from './event.js';
import { RelaySignal } from './relay-signal.js';

/**
 * The only way out for facts: a row in the same transaction as what happened. Whoever listens is told after the
 * commit, at least once, and a crash at any point loses nothing.
 */
@Injectable()
export class Outbox {
  /** Facts of the running transactions, by the block that collects them. */
  private readonly collected = new WeakMap<object, DomainEvent[]>();

  constructor(
    private readonly database: Database,
    private readonly signal: RelaySignal,
  ) {}

  /** Records a fact in the running transaction; all of one transaction leave in one statement. */
  record(event: DomainEvent): void {
    const transaction = this.database.transactionToken();
    const events = this.collected.get(transaction);
    if (events) {
      events.push(event);
      return;
    }
    const started = [event];
    this.collected.set(transaction, started);
    this.database.beforeCommit('outbox', () => this.write(started));
    this.database.afterCommit(() => this.signal.ring());
  }

  private async write(events: DomainEvent[]): Promise<void> {
    await this.database.execute(INSERT, [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ payload }) => JSON.stringify(payload)),
      currentRequest()?.traceparent ?? null,
    ]);
  }
}

const INSERT = `
  INSERT INTO platform.events (id, type, payload, trace)
  SELECT id, type, payload, $4 FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS e (id, type, payload)`;
