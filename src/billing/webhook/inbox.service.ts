import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GatewayNoticeReceived } from '../billing.events.js';
import { GatewayAccountRepository } from '../gateway/gateway-account.repository.js';
import { BadSignature, type GatewayNotice, PaymentGateway } from '../gateway/payment-gateway.port.js';
import { ChargeNews } from '../payment/charge-news.service.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { PaymentRepository } from '../payment/payment.repository.js';
import { InboxRepository, type InboxRow } from './inbox.repository.js';

/** A notice may overtake the commit of what it is about: so often it is tried again, then it is an orphan. */
const RETRY_SECONDS = [10, 60, 600];
/** A notice whose work fails is tried less and less often, for half a day (seconds); then a person has to look. */
const FAILURE_SECONDS = [10, 30, 90, 270, 810, 2430, 7290, 14_580, 21_600];
const AT_ONCE = 100;
/** Longer than any gateway repeats itself. */
const KEPT_DAYS = 90;

/** Takes in what gateways tell on their own. A notice says where to look, never what is true. */
@Injectable()
export class InboxService implements OnApplicationBootstrap {
  private readonly log = new Logger('billing');

  constructor(
    private readonly database: Database,
    private readonly inbox: InboxRepository,
    private readonly rows: PaymentRepository,
    private readonly news: ChargeNews,
    private readonly gateway: PaymentGateway,
    private readonly accounts: GatewayAccountRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly host: HttpAdapterHost,
  ) {}

  /** A test gateway must be told where this process listens, as soon as it does. */
  onApplicationBootstrap(): void {
    if (!this.gateway.isConfigured) return;
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.once('listening', () => {
      const { port } = server.address() as AddressInfo;
      this.gateway
        .announce(`http://127.0.0.1:${port}/v1/gateways/${this.gateway.code}/webhooks`)
        .catch((error: unknown) =>
          this.log.warn(`the gateway was not told where to send notices: ${String(error)}`),
        );
    });
  }

  /** The signature comes before everything else; what is kept is committed before the gateway hears 200. */
  async receive(code: string, raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<void> {
    if (code !== this.gateway.code) throw platformProblems.not_found();
    let notice: GatewayNotice | null;
    try {
      notice = await this.gateway.parseNotice(raw, headers);
    } catch (error) {
      if (error instanceof BadSignature) throw paymentProblems.bad_signature();
      throw error;
    }
    if (notice) await this.keep([notice]);
  }

  /**
   * Reads the object again at the gateway and takes in what it says. Safe to repeat and to run beside itself. When that
   * fails the notice keeps the error and its next try is pushed back, so that it never stands before all the others.
   */
  async process(code: string, eventId: string): Promise<void> {
    const row = await this.inbox.waiting(code, eventId);
    if (row === null) return;
    try {
      await this.work(code, row);
    } catch (error) {
      const now = this.clock.now();
      const isStuck = await this.inbox.failed(code, eventId, String(error), FAILURE_SECONDS, now);
      const what = `notice ${eventId} could not be worked: ${String(error)}`;
      if (isStuck) this.log.error(`${what}; a person has to look`);
      else this.log.warn(what);
    }
  }

  private async work(code: string, row: InboxRow): Promise<void> {
    const eventId = row.event_id;
    const paymentId = await this.rows.paymentOfCharge(row.operation_id, row.object_ref);
    const snapshot = paymentId === null ? null : await this.gateway.retrieve(row.object_ref);
    if (paymentId === null || snapshot === null) {
      const pause = RETRY_SECONDS[row.tries];
      const next = pause === undefined ? null : new Date(this.clock.now().getTime() + pause * 1000);
      if (next === null)
        this.log.error(`notice ${eventId} is about ${row.object_ref}, which nobody here knows`);
      await this.inbox.unknownObject(code, eventId, next);
      return;
    }
    await this.database.transaction(async () => {
      await this.news.apply(paymentId, snapshot);
      await this.inbox.done(code, eventId);
    });
  }

  /** Another try for what was unknown, what failed, and what nobody worked. */
  async retryDue(): Promise<void> {
    for (const eventId of await this.inbox.due(this.gateway.code, this.clock.now(), AT_ONCE)) {
      await this.process(this.gateway.code, eventId);
    }
  }

  forgetDone(): Promise<number> {
    return this.inbox.forgetDone(new Date(this.clock.now().getTime() - KEPT_DAYS * 86_400_000));
  }

  /** Asks the gateway for what it told and nobody heard, for example while this shop was away. */
  async catchUp(): Promise<void> {
    if (!this.gateway.isConfigured) return;
    await this.accounts.accountAt(this.gateway.code);
    for (;;) {
      const from = await this.accounts.cursor(this.gateway.code);
      const { notices, position } = await this.gateway.noticesAfter(from);
      if (position === from) return;
      await this.database.transaction(async () => {
        await this.keep(notices);
        await this.accounts.moveCursor(this.gateway.code, position);
      });
    }
  }

  private async keep(notices: readonly GatewayNotice[]): Promise<void> {
    await this.database.transaction(async () => {
      for (const eventId of await this.inbox.keep(this.gateway.code, notices, this.clock.now())) {
        this.outbox.record(new GatewayNoticeReceived({ gateway: this.gateway.code, eventId }));
      }
    });
  }
}
