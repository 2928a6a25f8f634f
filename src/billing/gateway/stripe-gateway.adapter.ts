import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { realNow } from '../../platform/clock.js';
import type { Config } from '../../platform/config.js';
import type { Database } from '../../platform/database/database.js';
import type { Money } from '../../platform/money/money.js';
import {
  type AuthorizeInput,
  BadSignature,
  type CaptureInput,
  type CustomerOutcome,
  type DetachOutcome,
  type Errored,
  type FollowUpInput,
  type GatewayNotice,
  type GatewayOutcome,
  type GatewaySnapshot,
  type NoticePage,
  PaymentGateway,
  type SettlementLine,
  type SetupInput,
  type SetupOutcome,
  type Unknown,
} from './payment-gateway.port.js';
import { verifySignature } from './signature.js';
import { toStripe } from './stripe-gateway.amounts.js';
import {
  authorizeOutcome,
  captureMark,
  chargeOf,
  declined,
  intentRank,
  refundOutcome,
  setupOutcomeOf,
  snapshotOf,
  voidMark,
} from './stripe-gateway.answers.js';
import { type Called, StripeClient } from './stripe-gateway.client.js';
import { eventsAfter, noticeOf } from './stripe-gateway.notices.js';
import { findIntent } from './stripe-gateway.search.js';
import { stripeSettlement } from './stripe-gateway.settlement.js';

const WITH_CHARGE = ['latest_charge'];

/** Stripe: a charge of ours is a payment intent there, confirmed in the call that makes it. */
@Injectable()
export class StripeGateway extends PaymentGateway {
  readonly code = 'stripe';
  readonly isConfigured = true;
  private readonly client: StripeClient;
  private readonly returnUrl: string;
  private readonly secrets: readonly string[];

  constructor(
    apiKey: string,
    config: Config,
    private readonly database: Database,
  ) {
    super();
    this.client = new StripeClient(apiKey, config);
    this.returnUrl = config.publicUrl;
    this.secrets = config.stripeWebhookSecrets;
  }

  assertRepresentable(amount: Money, pointer?: string): void {
    toStripe(amount, pointer);
  }

  async authorize(input: AuthorizeInput): Promise<GatewayOutcome> {
    const { operationId, amount, source, capture, offSession, challenge, save } = input;
    const { paymentIntents } = this.stripe;
    const kept = 'methodRef' in source;
    const customer = kept ? source.customerRef : save?.customerRef;
    const called = await this.client.write(operationId, (options) =>
      paymentIntents.create(
        {
          amount: toStripe(amount),
          currency: amount.currency.toLowerCase(),
          payment_method: kept ? source.methodRef : source.token,
          confirm: true,
          capture_method: capture,
          automatic_payment_methods: { enabled: true },
          return_url: input.returnUrl ?? this.returnUrl,
          metadata: { operation_id: operationId },
          payment_method_options: {
            card: {
              ...(challenge === 'required' && { request_three_d_secure: 'any' }),
              ...(capture === 'manual' && { request_multicapture: 'if_available' }),
            },
          },
          ...(customer !== undefined && { customer }),
          ...(offSession && { off_session: true }),
          ...(save && { setup_future_usage: 'off_session' }),
          expand: WITH_CHARGE,
        },
        options,
      ),
    );
    if (called.kind === 'done') return authorizeOutcome(called.value);
    if (called.kind === 'card') {
      const intent = called.error.payment_intent;
      return declined(intent?.id ?? null, intentRank(intent?.status ?? ''), called.error);
    }
    // A token that Stripe does not know, or that was used already, is a card that does not work.
    if (called.kind === 'refused' && called.error.param === 'payment_method')
      return declined(null, 0, { code: 'invalid_payment_method' });
    return failed(called);
  }

  async capture({ operationId, ref, amount, final }: CaptureInput): Promise<GatewayOutcome> {
    const sent = toStripe(amount);
    const called = await this.client.write(operationId, (options) =>
      this.stripe.paymentIntents.capture(
        ref,
        {
          amount_to_capture: sent,
          ...(!final && { final_capture: false }),
          metadata: { [captureMark(operationId)]: String(sent) },
        },
        options,
      ),
    );
    return called.kind === 'done'
      ? known(snapshotOf(called.value, [], []), operationId)
      : this.orKnown(called, ref, operationId);
  }

  /** A hold of which something was captured is not canceled but ended, by a last capture of nothing. */
  async void({ operationId, ref }: FollowUpInput): Promise<GatewayOutcome> {
    const { paymentIntents } = this.stripe;
    const marked = await this.client.write(`${operationId}:mark`, (options) =>
      paymentIntents.update(ref, { metadata: { [voidMark(operationId)]: 'void' } }, options),
    );
    if (marked.kind !== 'done') return this.orKnown(marked, ref, operationId);
    const isPartly = marked.value.amount_received > 0;
    const called = await this.client.write(operationId, (options) =>
      isPartly
        ? paymentIntents.capture(ref, { amount_to_capture: 0, final_capture: true }, options)
        : paymentIntents.cancel(ref, {}, options),
    );
    return called.kind === 'done'
      ? known(snapshotOf(called.value, [], []), operationId)
      : this.orKnown(called, ref, operationId);
  }

  async refund({ operationId, ref, amount }: FollowUpInput): Promise<GatewayOutcome> {
    const called = await this.client.write(operationId, (options) =>
      this.stripe.refunds.create(
        { payment_intent: ref, amount: toStripe(amount), metadata: { operation_id: operationId } },
        options,
      ),
    );
    return called.kind === 'done' ? refundOutcome(ref, called.value) : this.orKnown(called, ref, operationId);
  }

  async createCustomer(input: { operationId: string; customerId: string }): Promise<CustomerOutcome> {
    const called = await this.client.write(input.operationId, (options) =>
      this.stripe.customers.create({ metadata: { customer_id: input.customerId } }, options),
    );
    return called.kind === 'done' ? { kind: 'ok', customerRef: called.value.id } : failed(called);
  }

  async setupMethod(input: SetupInput): Promise<SetupOutcome> {
    const { operationId, customerRef, token, returnUrl, challenge } = input;
    const called = await this.client.write(operationId, (options) =>
      this.stripe.setupIntents.create(
        {
          customer: customerRef,
          payment_method: token,
          confirm: true,
          usage: 'off_session',
          ...(challenge === 'required' && {
            payment_method_options: { card: { request_three_d_secure: 'any' } },
          }),
          automatic_payment_methods: { enabled: true },
          return_url: returnUrl ?? this.returnUrl,
          metadata: { operation_id: operationId },
          expand: ['payment_method'],
        },
        options,
      ),
    );
    if (called.kind === 'done') return setupOutcomeOf(called.value);
    if (called.kind === 'card') return declined(called.error.setup_intent?.id ?? null, 1, called.error);
    if (called.kind === 'refused' && called.error.param === 'payment_method')
      return declined(null, 0, { code: 'invalid_payment_method' });
    return failed(called);
  }

  async retrieveSetup(ref: string): Promise<SetupOutcome | null> {
    const setup = await this.client.read(() =>
      this.stripe.setupIntents.retrieve(ref, { expand: ['payment_method'] }),
    );
    return setup && setupOutcomeOf(setup);
  }

  async detachMethod(methodRef: string): Promise<DetachOutcome> {
    const called = await this.client.write(`detach:${methodRef}`, (options) =>
      this.stripe.paymentMethods.detach(methodRef, {}, options),
    );
    if (called.kind === 'done') return { kind: 'ok' };
    if (called.kind !== 'refused') return failed(called);
    const method = await this.client.read(() => this.stripe.paymentMethods.retrieve(methodRef));
    return method === null || method.customer === null ? { kind: 'ok' } : failed(called);
  }

  async retrieve(ref: string): Promise<GatewaySnapshot | null> {
    const { paymentIntents } = this.stripe;
    const intent = await this.client.read(() => paymentIntents.retrieve(ref, { expand: WITH_CHARGE }));
    return intent && this.whole(intent);
  }

  async findByOperation(operationId: string): Promise<GatewaySnapshot | null> {
    const id = await findIntent(this.stripe, operationId);
    return id === null ? null : this.retrieve(id);
  }

  parseNotice(raw: Buffer, headers: Readonly<Record<string, unknown>>): Promise<GatewayNotice | null> {
    try {
      verifySignature(headers['stripe-signature'], raw, this.secrets);
      const event = JSON.parse(raw.toString('utf8')) as Partial<Stripe.Event>;
      if (typeof event.id !== 'string' || typeof event.type !== 'string' || !event.data?.object)
        throw new BadSignature('signed, but not a notice');
      return Promise.resolve(noticeOf(event as Stripe.Event));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  noticesAfter(position: string): Promise<NoticePage> {
    void this.stripe;
    return eventsAfter(this.client, position, realNow());
  }

  settlementLines(from: Date, to: Date): AsyncIterable<SettlementLine> {
    return stripeSettlement(this.stripe, from, to);
  }

  /** The endpoint is set up by hand, because its secret has to reach this shop. */
  async announce(): Promise<void> {}

  /** Stripe's time is everybody's. */
  async moveClock(): Promise<void> {}

  private get stripe(): Stripe {
    if (this.database.inTransaction)
      throw new Error('a gateway was about to be called with a transaction open');
    return this.client.stripe;
  }

  /** A refusal may mean that it was done before, under a key that Stripe has forgotten: the charge itself says. */
  private async orKnown(
    called: Exclude<Called<unknown>, { kind: 'done' }>,
    ref: string,
    operationId: string,
  ): Promise<GatewayOutcome> {
    if (called.kind !== 'refused') return failed(called);
    const snapshot = await this.retrieve(ref).catch(() => null);
    return snapshot?.outcomeOf(operationId) ?? failed(called);
  }

  private async whole(intent: Stripe.PaymentIntent): Promise<GatewaySnapshot> {
    const of = { payment_intent: intent.id, limit: 100 };
    const [refunds, disputes] = await Promise.all([
      intent.amount_received > 0 ? this.stripe.refunds.list(of).autoPagingToArray({ limit: 1_000 }) : [],
      chargeOf(intent)?.disputed
        ? this.stripe.disputes
            .list({ ...of, expand: ['data.balance_transactions'] })
            .autoPagingToArray({ limit: 100 })
        : [],
    ]);
    return snapshotOf(intent, refunds, disputes);
  }
}

/** What was not done, or may have been; a decline of something that no card decides is an error. */
function failed(called: Exclude<Called<unknown>, { kind: 'done' }>): Errored | Unknown {
  if (called.kind === 'errored' || called.kind === 'unknown') return called;
  return { kind: 'errored', code: called.error.code ?? 'refused_by_gateway', retryable: false };
}

const known = (snapshot: GatewaySnapshot, operationId: string): GatewayOutcome =>
  snapshot.outcomeOf(operationId) ?? { kind: 'unknown', cause: 'not_in_the_answer' };
