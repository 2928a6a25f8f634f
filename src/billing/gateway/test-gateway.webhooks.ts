import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Endpoint, GatewayEvent } from './test-gateway.journal.js';
import type { WebhookKnobs } from './test-gateway.tokens.js';

/** Real gateways tell a moment after they have answered. */
const USUAL_DELAY_MS = 150;
const STALE_SECONDS = 600;
const RETRY_AFTER_MS = [200, 1000, 5000, 15_000, 60_000];

/** Sends signed events to the endpoints of their account, and misbehaves on request. */
export class WebhookSender {
  private readonly held = new Map<string, GatewayEvent[]>();
  private readonly lastOf = new Map<string, GatewayEvent>();

  constructor(
    private readonly endpointsOf: (account: string) => Endpoint[],
    private readonly now: () => number,
  ) {}

  send(event: GatewayEvent, knobs: WebhookKnobs): void {
    // Which of them are lost is the same every time: it depends on the number of the event alone.
    const isLost = (event.sequence * 37) % 100 < (knobs.drop ?? 0);
    if (isLost || this.endpointsOf(event.account).length === 0) return;
    if (knobs.shuffle === undefined) {
      void this.later(event, knobs);
      return;
    }
    // Shuffled events wait for the end of the window and leave in the reverse order: the worst case, every time.
    const window = this.held.get(event.account);
    if (window) {
      window.push(event);
      return;
    }
    this.held.set(event.account, [event]);
    setTimeout(() => {
      const events = this.held.get(event.account) ?? [];
      this.held.delete(event.account);
      void this.inTurn(events.reverse(), knobs);
    }, knobs.shuffle).unref();
  }

  private async inTurn(events: GatewayEvent[], knobs: WebhookKnobs): Promise<void> {
    for (const event of events) await this.later(event, knobs);
  }

  private async later(event: GatewayEvent, knobs: WebhookKnobs): Promise<void> {
    await sleep(knobs.delay ?? USUAL_DELAY_MS, undefined, { ref: false });
    await this.toAll(event, knobs);
    if (!knobs.oldAfterNew) return;
    const before = this.lastOf.get(event.data.ref);
    this.lastOf.set(event.data.ref, event);
    if (before) await this.toAll(before, knobs);
  }

  private async toAll(event: GatewayEvent, knobs: WebhookKnobs): Promise<void> {
    const copies = Math.max(1, knobs.dup ?? 1);
    const sends = this.endpointsOf(event.account).flatMap((endpoint) =>
      Array.from({ length: copies }, () => this.deliver(endpoint, event, knobs)),
    );
    await Promise.all(sends);
  }

  private async deliver(endpoint: Endpoint, event: GatewayEvent, knobs: WebhookKnobs): Promise<void> {
    const body = JSON.stringify(event);
    for (const pause of [...RETRY_AFTER_MS, null]) {
      if (await this.post(endpoint, body, knobs)) return;
      if (pause !== null) await sleep(pause, undefined, { ref: false });
    }
  }

  private async post(
    endpoint: Endpoint,
    body: string,
    { badSig = false, stale = false }: WebhookKnobs,
  ): Promise<boolean> {
    const t = Math.floor(this.now() / 1000) - (stale ? STALE_SECONDS : 0);
    const v1 = createHmac('sha256', badSig ? 'not the secret' : endpoint.secret)
      .update(`${t}.${body}`)
      .digest('hex');
    try {
      const answer = await request(endpoint.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'gateway-signature': `t=${t},v1=${v1}` },
        body,
        headersTimeout: 15_000,
        bodyTimeout: 15_000,
      });
      await answer.body.dump();
      return answer.statusCode < 300;
    } catch {
      return false;
    }
  }
}
