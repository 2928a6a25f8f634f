import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** How the next request whose method and path fit goes wrong. `after`: when it was done. */
export type Fault =
  'hang_before' | 'hang_after' | 'reset_after' | '500_before' | '500_after' | '429' | 'in_flight';

/** How events are told: so often, in the reverse order, some not at all, signed wrongly or long ago. */
export interface Telling {
  dup?: number;
  reverse?: boolean;
  drop?: boolean;
  badSig?: boolean;
  stale?: boolean;
}

type Json = Record<string, unknown>;
interface Thing extends Json {
  id: string;
  object: string;
  created: number;
}
interface Reply {
  status: number;
  body: unknown;
}

const DECLINES: Record<string, [code: string, decline: string | null, advice?: string]> = {
  pm_card_chargeDeclined: ['card_declined', 'generic_decline'],
  pm_card_visa_chargeDeclinedInsufficientFunds: ['card_declined', 'insufficient_funds'],
  pm_card_visa_chargeDeclinedLostCard: ['card_declined', 'lost_card'],
  pm_card_visa_chargeDeclinedStolenCard: ['card_declined', 'stolen_card', 'do_not_try_again'],
  pm_card_chargeDeclinedExpiredCard: ['expired_card', null],
  pm_card_chargeDeclinedIncorrectCvc: ['incorrect_cvc', null],
  pm_card_chargeDeclinedProcessingError: ['processing_error', null],
};
const CHALLENGED = [
  'pm_card_threeDSecure2Required',
  'pm_card_authenticationRequired',
  'pm_card_authenticationRequiredOnSetup',
];
const OTHERS = [
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_chargeCustomerFail',
  'pm_card_createDispute',
  'pm_card_refundFail',
  'pm_card_pendingRefund',
  'pm_card_riskLevelElevated',
  'pm_usBankAccount_success',
  'pm_usBankAccount_insufficientFunds',
];
const HOLD_SECONDS = 7 * 86_400;

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly error: Json,
  ) {
    super(String(error.code));
  }
}

/**
 * Speaks Stripe's language for the calls that the adapter makes: form bodies, idempotency keys, error objects, lists, signed
 * events. Its cards are those of Stripe's test mode. It has a store and a clock of its own.
 */
export class StripeDouble {
  static readonly key = 'sk_test_the_double_takes_this_one_only';
  readonly secrets: [string, ...string[]] = ['whsec_of_the_double_number_one'];
  /** Requests as they came, newest last. */
  readonly seen: { method: string; path: string; key: string | null; version: string | null }[] = [];
  readonly telling: Telling = {};
  webhookUrl: string | null = null;
  /** It answers 503 and does nothing. */
  isAway = false;
  private readonly things = new Map<string, Thing>();
  private readonly answers = new Map<string, Reply & { fingerprint: string }>();
  private readonly faults: { method: string; path: RegExp; fault: Fault }[] = [];
  private readonly untold: Thing[] = [];
  private readonly later: (() => void)[] = [];
  private offset = 0;
  private count = 0;
  private readonly server: Server = createServer((request, response) => {
    void this.answer(request, response).catch(() => response.destroy());
  });

  /** What a shop needs that will not reach it. */
  static readonly anySettings = {
    STRIPE_API_KEY: StripeDouble.key,
    STRIPE_WEBHOOK_SECRETS: 'whsec_of_the_endpoint_before',
    TEST_GATEWAY_URL: '',
  };

  static async open(): Promise<StripeDouble> {
    const double = new StripeDouble();
    await once(double.server.listen(0, '127.0.0.1'), 'listening');
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get settings(): Record<string, string> {
    return {
      STRIPE_API_KEY: StripeDouble.key,
      STRIPE_API_URL: this.url,
      STRIPE_WEBHOOK_SECRETS: ['whsec_of_the_endpoint_before', ...this.secrets].join(','),
      TEST_GATEWAY_URL: '',
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** The next request that fits goes wrong. */
  fail(method: string, path: RegExp, fault: Fault): void {
    this.faults.push({ method, path, fault });
  }

  /** As if a day had passed since every answer. */
  forgetKeys(): void {
    this.answers.clear();
  }

  /** Time passes: what is pending is decided, holds run out. */
  advance(seconds: number): void {
    this.offset += seconds;
    for (const happen of this.later.splice(0)) happen();
    for (const intent of this.all('payment_intent')) {
      const before = this.chargeOf(intent)?.captureBefore as number | undefined;
      if (intent.status === 'requires_capture' && before !== undefined && before <= this.now())
        this.cancel(intent);
    }
  }

  /** What the shopper does on the page of the bank. */
  decide(url: string, approved: boolean): void {
    const intent = this.need(url.split('/').at(-1) ?? '');
    if (intent.object === 'setup_intent') this.decideSetup(intent, approved);
    else if (approved) this.succeed(intent);
    else this.failIntent(intent, 'payment_intent_authentication_failure', null);
  }

  /** A bank decides about the dispute of an intent. */
  closeDispute(intentId: string, outcome: 'won' | 'lost'): void {
    const dispute = this.all('dispute').find((each) => each.payment_intent === intentId);
    if (!dispute) throw new Error('there is no dispute');
    dispute.status = outcome;
    if (outcome === 'won')
      this.book('adjustment', dispute.amount as number, 0, dispute, dispute.currency as string);
    this.event('charge.dispute.closed', dispute);
  }

  /** Somebody pays otherwise than by us, in whatever the account can hold. */
  receive(amount: number, fee: number, currency: string): void {
    this.book('payment', amount, fee, this.make('py', 'charge', { amount, currency }), currency);
  }

  /** What the shop is owed is paid out. */
  payOut(currency: string): void {
    const waiting = this.all('balance_transaction').filter(
      (each) => each.payout === null && each.currency === currency,
    );
    const sum = waiting.reduce((total, each) => total + (each.net as number), 0);
    const payout = this.make('po', 'payout', { amount: sum, currency });
    this.book('payout', -sum, 0, payout, currency);
    for (const each of [...waiting, ...this.all('balance_transaction').slice(-1)]) each.payout = payout.id;
  }

  /** Sends what was not told yet, as Stripe would, and answers the statuses that the shop gave. */
  async tell(): Promise<number[]> {
    const events = this.untold.splice(0);
    if (this.webhookUrl === null || this.telling.drop) return [];
    if (this.telling.reverse) events.reverse();
    const statuses: number[] = [];
    for (const event of events)
      for (let copy = 0; copy < (this.telling.dup ?? 1); copy++) {
        const { body, header } = this.signed(event);
        const answer = await fetch(this.webhookUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': header },
          body,
        });
        statuses.push(answer.status);
      }
    return statuses;
  }

  /** The newest event about an intent, as it is sent: Stripe's bodies are spread over lines. */
  signedNewest(ref: string): { body: string; header: string } {
    const event = this.all('event').findLast(({ data }) => (data as { object: Thing }).object.id === ref);
    if (!event) throw new Error('there is no such event');
    return this.signed(event);
  }

  private signed(event: Thing): { body: string; header: string } {
    const body = JSON.stringify(event, null, 2);
    const t = Math.floor(this.real() - (this.telling.stale ? 600 : 0));
    const sign = (secret: string) => createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
    const v1 = this.telling.badSig ? sign('another') : sign(this.secrets[0]);
    return { body, header: `t=${t},v1=${v1},v0=${sign('old scheme')}` };
  }

  private real = (): number => (performance.timeOrigin + performance.now()) / 1000;
  private now = (): number => Math.floor(this.real() + this.offset);

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const url = new URL(request.url ?? '/', this.url);
    const raw = await text(request);
    const key = (request.headers['idempotency-key'] as string | undefined) ?? null;
    const version = (request.headers['stripe-version'] as string | undefined) ?? null;
    this.seen.push({ method, path: url.pathname, key, version });
    const at = this.faults.findIndex((each) => each.method === method && each.path.test(url.pathname));
    if (this.isAway) {
      response
        .writeHead(503, { 'content-type': 'application/json' })
        .end(JSON.stringify(refusal('500_before').body));
      return;
    }
    const fault = at < 0 ? null : (this.faults.splice(at, 1)[0]?.fault ?? null);
    if (fault === 'hang_before') return;
    const reply =
      fault === null || fault.endsWith('_after') ? this.once(request, url, method, raw, key) : refusal(fault);
    if (fault === 'hang_after') return;
    if (fault === 'reset_after') {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, body } = fault === '500_after' ? refusal('500_before') : reply;
    await sleep(0);
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': `req_${++this.count}` });
    response.end(JSON.stringify(body));
  }

  private once(request: IncomingMessage, url: URL, method: string, raw: string, key: string | null): Reply {
    if (request.headers.authorization !== `Bearer ${StripeDouble.key}`)
      return error(401, { type: 'invalid_request_error', message: 'Invalid API Key provided.' });
    const fingerprint = createHash('sha256').update(`${url.pathname} ${raw}`).digest('hex');
    const kept = method === 'POST' && key !== null ? this.answers.get(key) : undefined;
    if (kept && kept.fingerprint !== fingerprint)
      return error(400, {
        type: 'idempotency_error',
        message: 'Keys can only be used with the same parameters.',
      });
    if (kept) return kept;
    if (method === 'POST' && key?.startsWith('stripe-node-retry')) throw new Error('the key was made up');
    const reply = this.route(method, url, parse(method === 'POST' ? raw : url.search.slice(1)));
    const frozen = { ...reply, body: JSON.parse(JSON.stringify(reply.body)) as unknown, fingerprint };
    if (method === 'POST' && key !== null) this.answers.set(key, frozen);
    return frozen;
  }

  private route(method: string, url: URL, params: Json): Reply {
    const [, , collection = '', id, verb] = url.pathname.split('/');
    try {
      return { status: 200, body: this.work(`${method} ${collection}`, id, verb, params) };
    } catch (thrown) {
      if (thrown instanceof Refused) return error(thrown.status, thrown.error);
      throw thrown;
    }
  }

  private work(what: string, id: string | undefined, verb: string | undefined, params: Json): unknown {
    switch (what) {
      case 'POST payment_intents':
        if (id === undefined) return this.createIntent(params);
        if (verb === 'capture') return this.capture(this.need(id), params);
        if (verb === 'cancel') return this.cancelAsked(this.need(id));
        return this.view(Object.assign(this.need(id), merged(this.need(id), params)));
      case 'GET payment_intents':
        if (id === 'search') return list(this.search(String(params.query)), params);
        if (id !== undefined) return this.view(this.need(id));
        return list(this.created('payment_intent', params), params);
      case 'POST refunds':
        return this.refund(params);
      case 'GET refunds':
      case 'GET disputes': {
        const kind = what.slice(4, -1);
        return list(
          this.all(kind).filter((each) => each.payment_intent === params.payment_intent),
          params,
        );
      }
      case 'POST customers':
        return this.make('cus', 'customer', { metadata: params.metadata });
      case 'POST setup_intents':
        return this.setUp(params);
      case 'GET setup_intents':
        return this.view(this.need(id ?? ''));
      case 'GET payment_methods':
        return this.need(id ?? '');
      case 'POST payment_methods': {
        const method = this.need(id ?? '');
        if (method.customer === null)
          throw refuse('The payment method you provided is not attached to a customer.', {});
        return Object.assign(method, { customer: null });
      }
      case 'GET events':
        if (id !== undefined) return this.need(id);
        return list(
          this.created('event', params).filter(
            (each) => !params.types || (params.types as string[]).includes(each.type as string),
          ),
          params,
        );
      case 'GET balance_transactions':
        return list(
          this.created('balance_transaction', params)
            .filter((each) => params.payout === undefined || each.payout === params.payout)
            .map((each) => ({ ...each, source: this.sourceOf(each) })),
          params,
        );
      case 'GET balance':
        return { object: 'balance', available: [], pending: [] };
      default:
        throw new Refused(404, {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${what}).`,
        });
    }
  }

  private createIntent(params: Json): unknown {
    if (params.confirm !== 'true' || params.return_url === undefined)
      throw new Error('not as the adapter does it');
    const method = this.methodFor(String(params.payment_method), params);
    const behaviour = method.behaviour as string;
    const amount = Number(params.amount);
    const intent = this.make('pi', 'payment_intent', {
      amount,
      amount_received: 0,
      currency: params.currency,
      capture_method: params.capture_method,
      customer: params.customer ?? null,
      setup_future_usage: params.setup_future_usage ?? null,
      payment_method: method.id,
      metadata: params.metadata ?? {},
      next_action: null,
      last_payment_error: null,
      latest_charge: null,
      status: 'requires_confirmation',
    });
    const decline = DECLINES[behaviour];
    const attached = method.customer !== null;
    const { card = {} } = (params.payment_method_options ?? {}) as { card?: Json };
    const asks =
      card.request_three_d_secure === 'any' ||
      (CHALLENGED.includes(behaviour) &&
        !(attached && behaviour === 'pm_card_authenticationRequiredOnSetup'));
    if (decline) return this.declineIntent(intent, decline);
    if (behaviour === 'pm_card_chargeCustomerFail')
      return this.declineIntent(intent, ['card_declined', 'generic_decline']);
    if (asks && params.off_session === 'true')
      return this.declineIntent(intent, ['authentication_required', 'authentication_required']);
    if (asks) {
      intent.status = 'requires_action';
      intent.next_action = {
        type: 'redirect_to_url',
        redirect_to_url: {
          url: `https://hooks.stripe.test/redirect/${intent.id}`,
          return_url: params.return_url,
        },
      };
      this.event('payment_intent.requires_action', intent);
    } else if (behaviour.startsWith('pm_usBankAccount')) {
      intent.status = 'processing';
      this.event('payment_intent.processing', intent);
      this.later.push(() => {
        if (behaviour.endsWith('success')) this.succeed(intent);
        else this.failIntent(intent, 'payment_method_provider_decline', 'insufficient_funds');
      });
    } else this.succeed(intent);
    return this.view(intent);
  }

  private succeed(intent: Thing): void {
    const method = this.need(intent.payment_method as string);
    if (intent.setup_future_usage !== null) method.customer = intent.customer;
    const manual = intent.capture_method === 'manual';
    const behaviour = method.behaviour as string;
    const charge = this.make('ch', 'charge', {
      amount: intent.amount,
      currency: intent.currency,
      payment_intent: intent.id,
      payment_method: method.id,
      metadata: intent.metadata,
      status: 'succeeded',
      captured: !manual,
      disputed: false,
      captureBefore: manual ? this.now() + HOLD_SECONDS : undefined,
      outcome: { risk_score: behaviour === 'pm_card_riskLevelElevated' ? 66 : 12 },
      payment_method_details: {
        type: 'card',
        card: { ...(method.card as Json), ...(manual && { capture_before: this.now() + HOLD_SECONDS }) },
      },
    });
    Object.assign(intent, { latest_charge: charge.id, next_action: null, last_payment_error: null });
    intent.status = manual ? 'requires_capture' : 'succeeded';
    if (manual) this.event('payment_intent.amount_capturable_updated', intent);
    else this.taken(intent, charge, intent.amount as number);
  }

  private taken(intent: Thing, charge: Thing, amount: number): void {
    intent.amount_received = (intent.amount_received as number) + amount;
    const currency = intent.currency as string;
    const fee = Math.round(amount * 0.014) + 25;
    // Of a króna too, which has no cents: then it is no whole one.
    this.book('charge', amount, fee, charge, currency);
    this.event(
      `payment_intent.${intent.status === 'succeeded' ? 'succeeded' : 'amount_capturable_updated'}`,
      intent,
    );
    if (this.need(intent.payment_method as string).behaviour === 'pm_card_createDispute')
      this.later.push(() => this.dispute(intent, charge));
  }

  private capture(intent: Thing, params: Json): unknown {
    if (intent.status !== 'requires_capture')
      throw refuse(`This PaymentIntent has a status of ${String(intent.status)}.`, {
        code: 'payment_intent_unexpected_state',
      });
    const amount = Number(params.amount_to_capture);
    const left = (intent.amount as number) - (intent.amount_received as number);
    if (amount > left)
      throw refuse('The amount is greater than what can be captured.', { code: 'amount_too_large' });
    Object.assign(intent, merged(intent, params));
    if (params.final_capture !== 'false' || amount === left) intent.status = 'succeeded';
    const charge = this.need(intent.latest_charge as string);
    if (amount > 0) this.taken(intent, charge, amount);
    else this.event('payment_intent.succeeded', intent);
    return this.view(intent);
  }

  private cancelAsked(intent: Thing): unknown {
    const open = ['requires_payment_method', 'requires_action', 'requires_capture', 'processing'];
    if (!open.includes(intent.status as string) || (intent.amount_received as number) > 0)
      throw refuse(`You cannot cancel this PaymentIntent: ${String(intent.status)}.`, {
        code: 'payment_intent_unexpected_state',
      });
    this.cancel(intent);
    return this.view(intent);
  }

  private cancel(intent: Thing): void {
    intent.status = (intent.amount_received as number) > 0 ? 'succeeded' : 'canceled';
    intent.next_action = null;
    this.event(`payment_intent.${intent.status as string}`, intent);
  }

  private refund(params: Json): unknown {
    const intent = this.need(String(params.payment_intent));
    const charge = this.chargeOf(intent);
    const amount = Number(params.amount);
    const given = this.all('refund')
      .filter((each) => each.payment_intent === intent.id && each.status !== 'failed')
      .reduce((sum, each) => sum + (each.amount as number), 0);
    if (!charge || charge.disputed)
      throw refuse('This charge cannot be refunded.', {
        code: charge ? 'charge_disputed' : 'charge_not_captured',
      });
    if (amount > (intent.amount_received as number) - given)
      throw refuse('Refund amount is greater than unrefunded amount on charge.', {});
    const behaviour = this.need(intent.payment_method as string).behaviour;
    const slow = behaviour === 'pm_card_pendingRefund';
    const refund = this.make('re', 'refund', {
      amount,
      currency: intent.currency,
      payment_intent: intent.id,
      metadata: params.metadata ?? {},
      failure_reason: null,
      status: slow ? 'pending' : 'succeeded',
    });
    if (!slow) this.book('refund', -amount, 0, refund, intent.currency as string);
    this.event('refund.created', refund);
    if (slow || behaviour === 'pm_card_refundFail')
      this.later.push(() => {
        refund.status = slow ? 'succeeded' : 'failed';
        if (slow) this.book('refund', -amount, 0, refund, intent.currency as string);
        else {
          refund.failure_reason = 'expired_or_canceled_card';
          this.book('refund_failure', amount, 0, refund, intent.currency as string);
        }
        this.event(slow ? 'refund.updated' : 'refund.failed', refund);
      });
    return refund;
  }

  private dispute(intent: Thing, charge: Thing): void {
    charge.disputed = true;
    const amount = intent.amount_received as number;
    const currency = intent.currency as string;
    const dispute = this.make('du', 'dispute', {
      amount,
      currency,
      payment_intent: intent.id,
      status: 'needs_response',
      reason: 'fraudulent',
      evidence_details: { due_by: this.now() + 7 * 86_400 },
      balance_transactions: [],
    });
    // 15.79 ISK, which has no hundredths.
    const fee = currency === 'isk' ? 1579 : 1500;
    dispute.balance_transactions = [this.book('adjustment', -amount, fee, dispute, currency)];
    this.event('charge.dispute.created', dispute);
  }

  private setUp(params: Json): unknown {
    const method = this.methodFor(String(params.payment_method), params);
    const setup = this.make('seti', 'setup_intent', {
      customer: params.customer,
      payment_method: method.id,
      status: 'requires_confirmation',
      next_action: null,
      last_setup_error: null,
      metadata: params.metadata ?? {},
    });
    const decline = DECLINES[method.behaviour as string];
    if (decline) {
      const [code, decline_code] = decline;
      setup.status = 'requires_payment_method';
      setup.last_setup_error = { type: 'card_error', code, decline_code };
      throw new Refused(402, { type: 'card_error', code, decline_code, setup_intent: this.view(setup) });
    }
    if (CHALLENGED.includes(method.behaviour as string)) {
      setup.status = 'requires_action';
      setup.next_action = {
        type: 'redirect_to_url',
        redirect_to_url: {
          url: `https://hooks.stripe.test/redirect/${setup.id}`,
          return_url: params.return_url,
        },
      };
    } else this.decideSetup(setup, true);
    return this.view(setup);
  }

  private decideSetup(setup: Thing, approved: boolean): void {
    setup.next_action = null;
    setup.status = approved ? 'succeeded' : 'requires_payment_method';
    if (approved) this.need(setup.payment_method as string).customer = setup.customer;
    else
      setup.last_setup_error = { type: 'invalid_request_error', code: 'setup_intent_authentication_failure' };
  }

  /** A test card becomes a method of its own with every use; one that is kept is what it is. */
  private methodFor(name: string, params: Json): Thing {
    const kept = this.things.get(name);
    if (kept && kept.customer === (params.customer ?? null)) return kept;
    if (kept || ![...Object.keys(DECLINES), ...CHALLENGED, ...OTHERS].includes(name))
      throw refuse(`No such PaymentMethod: '${name}'`, { code: 'resource_missing', param: 'payment_method' });
    const last4 = String(4242 + name.length).slice(-4);
    const fingerprint = createHash('sha256').update(name).digest('hex').slice(0, 16);
    const card = { brand: 'visa', last4, exp_month: 8, exp_year: 2031, fingerprint };
    return this.make('pm', 'payment_method', { type: 'card', customer: null, behaviour: name, card });
  }

  private declineIntent(intent: Thing, decline: [string, string | null, string?]): never {
    const [code, decline_code, advice_code] = decline;
    this.failIntent(intent, code, decline_code, advice_code);
    throw new Refused(402, { ...(intent.last_payment_error as Json), payment_intent: this.view(intent) });
  }

  private failIntent(intent: Thing, code: string, decline_code: string | null, advice_code?: string): void {
    intent.status = 'requires_payment_method';
    intent.next_action = null;
    intent.last_payment_error = {
      type: code.startsWith('payment_intent') ? 'invalid_request_error' : 'card_error',
      code,
      message: 'Your card was declined.',
      ...(decline_code && { decline_code }),
      ...(advice_code && { advice_code }),
    };
    this.event('payment_intent.payment_failed', intent);
  }

  private book(type: string, amount: number, fee: number, source: Thing, currency: string): Thing {
    const fields = { type, amount, fee, net: amount - fee, currency, source: source.id, payout: null };
    return this.make('txn', 'balance_transaction', fields);
  }

  private event(type: string, object: Thing): void {
    const copy = JSON.parse(JSON.stringify(object)) as Thing;
    const event = this.make('evt', 'event', { type, data: { object: copy }, api_version: '2024-06-20' });
    this.untold.push(event);
  }

  private make(prefix: string, object: string, fields: Json): Thing {
    const id = `${prefix}_${randomBytes(12).toString('hex')}`;
    const thing: Thing = { id, object, created: Math.floor(this.real()), ...fields };
    this.things.set(id, thing);
    return thing;
  }

  private need(id: string): Thing {
    const thing = this.things.get(id);
    if (!thing)
      throw new Refused(404, {
        type: 'invalid_request_error',
        code: 'resource_missing',
        message: `No such ${id}`,
      });
    return thing;
  }

  private all(object: string): Thing[] {
    return [...this.things.values()].filter((each) => each.object === object);
  }

  /** Newest first, as Stripe lists. */
  private created(object: string, { created = {} }: Json): Thing[] {
    const { gte = 0, lt = Infinity } = created as { gte?: number; lt?: number };
    return this.all(object)
      .filter((each) => each.created >= Number(gte) && each.created < Number(lt))
      .reverse();
  }

  /** Hears of things a minute late. */
  private search(query: string): Thing[] {
    const [, operationId] = /^metadata\['operation_id'\]:'([^']+)'$/.exec(query) ?? [];
    return this.all('payment_intent').filter(
      ({ metadata, created }) =>
        (metadata as Json).operation_id === operationId && created < this.real() - 60,
    );
  }

  private chargeOf(intent: Thing): Thing | null {
    return this.things.get(intent.latest_charge as string) ?? null;
  }

  private sourceOf({ source }: Thing): unknown {
    const thing = this.need(source as string);
    const intent = this.things.get(thing.payment_intent as string);
    return intent ? { ...thing, payment_intent: intent } : thing;
  }

  private view(thing: Thing): unknown {
    const method = this.things.get(thing.payment_method as string);
    if (thing.object === 'setup_intent') return { ...thing, payment_method: method };
    return { ...thing, latest_charge: this.chargeOf(thing) };
  }
}

function refusal(fault: Fault): Reply {
  if (fault === '429')
    return error(429, { type: 'rate_limit_error', code: 'rate_limit', message: 'Too many.' });
  if (fault === 'in_flight')
    return error(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'In use.' });
  return error(500, { type: 'api_error', message: 'Something went wrong on our end.' });
}

const error = (status: number, body: Json): Reply => ({ status, body: { error: body } });

const refuse = (message: string, fields: Json): Refused =>
  new Refused(400, { type: 'invalid_request_error', message, ...fields });

const merged = (thing: Thing, params: Json): Json => ({
  metadata: { ...(thing.metadata as Json), ...(params.metadata as Json | undefined) },
});

function list(things: Json[], { limit = 10, starting_after, ending_before }: Json): Json {
  const at = (id: unknown) => things.findIndex((each) => each.id === id);
  const size = Number(limit);
  const behind = starting_after === undefined ? things : things.slice(at(starting_after) + 1);
  const before = ending_before === undefined ? behind : things.slice(0, at(ending_before));
  // Before a thing, the page next to it is meant.
  const data = ending_before === undefined ? before.slice(0, size) : before.slice(-size);
  return { object: 'list', data, has_more: before.length > data.length, url: '/v1/things' };
}

/** `a[b][c]=1&d[0]=2` as an object. */
function parse(form: string): Json {
  const root: Json = {};
  for (const [name, value] of new URLSearchParams(form)) {
    const path = name.split(/\[|\]\[|\]/).filter((part) => part !== '');
    let at = root;
    path.forEach((part, index) => {
      if (index === path.length - 1) at[part] = value;
      else at = (at[part] ??= {}) as Json;
    });
  }
  for (const [name, value] of Object.entries(root))
    if (typeof value === 'object' && value !== null && '0' in value) root[name] = Object.values(value);
  return root;
}
