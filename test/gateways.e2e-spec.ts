import { createHmac, randomUUID } from 'node:crypto';
import { BillingApi } from '../src/billing/billing.api.js';
import { GatewayAccountRepository } from '../src/billing/gateway/gateway-account.repository.js';
import {
  type AuthorizeInput,
  BadSignature,
  type GatewayOutcome,
  type GatewaySnapshot,
  PaymentGateway,
  type SettlementLine,
} from '../src/billing/gateway/payment-gateway.port.js';
import { StripeGateway } from '../src/billing/gateway/stripe-gateway.adapter.js';
import { TestGateway } from '../src/billing/gateway/test-gateway.adapter.js';
import { newId } from '../src/platform/ids.js';
import { Money } from '../src/platform/money/money.js';
import { type TestApp, startApp, testConfig } from './support/app.js';
import { given } from './support/given.js';
import { berlin, fillCart, goods, imbalance, key } from './support/purchase.js';
import { StripeDouble } from './support/stripe-double.js';

/** What a card does, and what it is called at each gateway. */
const CARDS = {
  good: ['ok', 'pm_card_visa'],
  declined: ['decline_generic', 'pm_card_chargeDeclined'],
  poor: ['insufficient_funds', 'pm_card_visa_chargeDeclinedInsufficientFunds'],
  expired: ['expired', 'pm_card_chargeDeclinedExpiredCard'],
  lost: ['lost', 'pm_card_visa_chargeDeclinedLostCard'],
  trouble: ['processing_error', 'pm_card_chargeDeclinedProcessingError'],
  unknown: ['no_such_card', 'pm_card_no_such_card'],
  challenged: ['sca_required', 'pm_card_threeDSecure2Required'],
  challengedOnce: ['sca_once', 'pm_card_authenticationRequiredOnSetup'],
  keptButPoor: ['attach_ok_charge_fails', 'pm_card_chargeCustomerFail'],
  slow: ['async_ok:1d', 'pm_usBankAccount_success'],
  slowAndPoor: ['async_fail:1d', 'pm_usBankAccount_insufficientFunds'],
  risky: ['risk:66', 'pm_card_riskLevelElevated'],
  disputed: ['dispute:1d', 'pm_card_createDispute'],
  refundsSlowly: ['refund_pending:1d', 'pm_card_pendingRefund'],
  refundsBounce: ['refund_fail_later:1d', 'pm_card_refundFail'],
} as const;
type Card = keyof typeof CARDS;
/** Ways in which a network or a gateway fails, when a charge is asked for. */
type Trouble = 'hang_before' | 'hang_after' | 'reset_after' | '500_before' | '500_after' | '429';
const TROUBLES: Record<Trouble, string> = {
  hang_before: 'timeout_before',
  hang_after: 'timeout_after',
  reset_after: 'reset_after',
  '500_before': 'http_500_before',
  '500_after': 'http_500_after',
  '429': '429',
};

/** One gateway with the hands on its knobs. */
interface Rig {
  readonly code: 'test' | 'stripe';
  readonly app: TestApp;
  readonly gateway: PaymentGateway;
  card(card: Card): string;
  /** A good card for a charge that goes wrong like this. */
  trouble(trouble: Trouble): string;
  refundTrouble(): string;
  approve(url: string, approved: boolean): Promise<void>;
  pass(days: number): Promise<void>;
  forgetKeys(): Promise<void>;
  /** It is not there, or there again. */
  away(isAway: boolean): Promise<void>;
  closeDispute(ref: string, outcome: 'won' | 'lost'): Promise<void>;
  payOut(): Promise<void>;
  /** The account gets money in a currency that ISO 4217 does not know. */
  receiveOther(): Promise<void>;
  /** A notice as the gateway sends it, and what signs one. */
  notice(charge: { ref: string; operationId: string }): string;
  sign(body: string, options?: { t?: number; secret?: string }): Promise<Record<string, string>>;
  /** The shop hears what the gateway has to tell. */
  hear(how?: 'twice and backwards' | 'by catching up' | 'spoiled'): Promise<void>;
  close(): Promise<void>;
}

const EUR = (amount: number) => Money.of(amount, 'EUR');
const seconds = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);
const table: { gateway: string; scenario: string; result: string }[] = [];

async function testRig(): Promise<Rig> {
  const app = await startApp({ GATEWAY_TIMEOUT_MS: '400' });
  const gateway = app.app.get(PaymentGateway);
  const account = await app.app.get(GatewayAccountRepository).accountAt('test');
  const control = (path: string, body: object) =>
    fetch(`${app.config.testGatewayUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${account}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  let days = 0;
  const pass = async (more: number) => {
    days += more;
    await gateway.moveClock(new Date((seconds() + days * 86_400) * 1000));
  };
  return {
    code: 'test',
    app,
    gateway,
    card: (card) => CARDS[card][0],
    trouble: (trouble) => `${TROUBLES[trouble]}+drop`,
    refundTrouble: () => 'refund_timeout_after',
    approve: async (url, approved) => {
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision: approved ? 'approve' : 'deny' }),
      });
    },
    pass,
    forgetKeys: async () => {
      await control('/knobs', { forgetKeys: true });
    },
    away: async (isAway) => {
      await control('/knobs', { outage: isAway });
    },
    closeDispute: async (ref, outcome) => {
      const dispute = (await gateway.retrieve(ref))?.disputes[0]?.ref;
      await control(`/charges/${ref}/disputes/${dispute}`, { outcome });
    },
    payOut: () => pass(1),
    receiveOther: () => Promise.resolve(),
    notice: ({ ref, operationId }) => {
      const data = { ref, operationId, version: 9, status: 'captured', amount: 1, currency: 'EUR' };
      const at = new Date(seconds() * 1000).toISOString();
      return JSON.stringify(
        { id: `evt_${ref}`, sequence: 1, type: 'charge.captured', createdAt: at, data },
        null,
        3,
      );
    },
    sign: (body, { t = seconds(), secret } = {}) => {
      const own = createHmac('sha256', app.config.key('gateway-webhooks')).update(account).digest('hex');
      const v1 = createHmac('sha256', secret ?? own)
        .update(`${t}.${body}`)
        .digest('hex');
      return Promise.resolve({ 'gateway-signature': `t=${t},v1=${v1}` });
    },
    // What it sends by itself is spoiled by the token of the charge.
    hear: async (how) => {
      if (how === 'spoiled') return;
      await app.run('billing.catch_up');
      await app.settle();
    },
    close: () => app.close(),
  };
}

async function stripeRig(): Promise<Rig> {
  const double = await StripeDouble.open();
  const app = await startApp({ GATEWAY_TIMEOUT_MS: '400', ...double.settings });
  double.webhookUrl = `${app.url}/v1/gateways/stripe/webhooks`;
  const gateway = app.app.get(PaymentGateway);
  return {
    code: 'stripe',
    app,
    gateway,
    card: (card) => CARDS[card][1],
    trouble: (trouble) => {
      double.fail('POST', /payment_intents$/, trouble);
      return 'pm_card_visa';
    },
    refundTrouble: () => {
      double.fail('POST', /refunds$/, 'hang_after');
      return 'pm_card_visa';
    },
    approve: (url, approved) => Promise.resolve(double.decide(url, approved)),
    pass: (days) => Promise.resolve(double.advance(days * 86_400)),
    forgetKeys: () => Promise.resolve(double.forgetKeys()),
    away: (isAway) => {
      double.isAway = isAway;
      return Promise.resolve();
    },
    closeDispute: (ref, outcome) => Promise.resolve(double.closeDispute(ref, outcome)),
    payOut: () => Promise.resolve(double.payOut('eur')),
    receiveOther: () => Promise.resolve(double.receive(1_999, 30, 'usdc')),
    notice: ({ ref }) => double.signedNewest(ref).body,
    sign: (body, { t = seconds(), secret = double.secrets[0] } = {}) => {
      const sign = (with_: string) => createHmac('sha256', with_).update(`${t}.${body}`).digest('hex');
      return Promise.resolve({
        'stripe-signature': `t=${t}, v1=${sign('of nobody')}, v1=${sign(secret)},v0=00`,
      });
    },
    hear: async (how) => {
      if (how === 'by catching up') double.telling.drop = true;
      if (how === 'twice and backwards') Object.assign(double.telling, { dup: 2, reverse: true });
      if (how === 'spoiled') double.telling.badSig = true;
      const statuses = await double.tell();
      expect(new Set(statuses)).toEqual(
        new Set(statuses.length === 0 ? [] : [how === 'spoiled' ? 400 : 200]),
      );
      for (const knob of Object.keys(double.telling))
        delete (double.telling as Record<string, unknown>)[knob];
      if (how === 'by catching up') await app.run('billing.catch_up');
      await app.settle();
    },
    close: async () => {
      await app.close();
      await double.close();
    },
  };
}

const signs = (outcome: GatewayOutcome | null | undefined) => outcome?.kind;
const refOf = (outcome: GatewayOutcome): string => {
  if (!('ref' in outcome) || outcome.ref === null) throw new Error(`no charge: ${JSON.stringify(outcome)}`);
  return outcome.ref;
};
const json = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? Number(each) : each)));

function ask({ gateway }: Rig, token: string, more: Partial<AuthorizeInput> = {}): Promise<GatewayOutcome> {
  return gateway.authorize({
    operationId: newId(),
    amount: EUR(1999),
    source: { token },
    capture: 'automatic',
    offSession: false,
    challenge: 'auto',
    save: null,
    returnUrl: 'https://shop.test/thanks',
    ...more,
  });
}

/** A charge that succeeded, as its reference. */
const charged = async (rig: Rig, card: Card, more: Partial<AuthorizeInput> = {}): Promise<string> => {
  const outcome = await ask(rig, rig.card(card), more);
  expect(outcome.kind).toBe('ok');
  return refOf(outcome);
};
const held = (rig: Rig, card: Card = 'good') => charged(rig, card, { capture: 'manual' });

async function seen({ gateway }: Rig, ref: string): Promise<GatewaySnapshot> {
  const snapshot = await gateway.retrieve(ref);
  if (snapshot === null) throw new Error(`${ref} is not known`);
  return snapshot;
}

const amounts = ({ captured, refunded, released }: GatewaySnapshot) => ({
  captured: Number(captured.amount),
  refunded: Number(refunded.amount),
  released,
});

async function customerOf({ gateway }: Rig): Promise<string> {
  const made = await gateway.createCustomer({ operationId: newId(), customerId: newId() });
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made));
  return made.customerRef;
}

const keep = (rig: Rig, card: Card, customerRef: string) =>
  rig.gateway.setupMethod({
    operationId: newId(),
    customerRef,
    token: rig.card(card),
    returnUrl: 'https://shop.test/cards',
  });

/** A kept method with its customer, and a charge of it while nobody is there. */
async function kept(rig: Rig, card: Card) {
  const customerRef = await customerOf(rig);
  const setup = await keep(rig, card, customerRef);
  if (setup.kind !== 'ok') throw new Error(JSON.stringify(setup));
  return { customerRef, methodRef: setup.method.ref };
}
const chargeAlone = (rig: Rig, source: { customerRef: string; methodRef: string }) =>
  ask(rig, '', { source, offSession: true });

async function lines({ gateway }: Rig, from: Date, to: Date): Promise<SettlementLine[]> {
  const found: SettlementLine[] = [];
  for await (const line of gateway.settlementLines(from, to)) found.push(line);
  return found;
}
/** The test gateway is days ahead when its clock was moved. */
const everything = (rig: Rig) =>
  lines(
    rig,
    new Date((seconds() - 600) * 1000),
    new Date((seconds() + (rig.code === 'test' ? 365 : 1) * 86_400) * 1000),
  );

const declinedAs = (code: string, hard: boolean, advice: string, card: Card) => async (rig: Rig) => {
  const outcome = await ask(rig, rig.card(card));
  expect(outcome).toMatchObject({ kind: 'declined', code, hard, advice });
};

const amount = { amount: EUR(1999) };

type Scenario = [name: string, play: (rig: Rig) => Promise<void> | void, live?: 'live'];

/** Every scenario by what it shows. `live`: also against Stripe itself, where nobody can turn knobs. */
const SCENARIOS: Scenario[] = [
  [
    'a good card is charged at once',
    async (rig) => {
      const outcome = await ask(rig, rig.card('good'));
      expect(outcome).toMatchObject({ kind: 'ok', captured: true, captureBefore: null });
      expect(json(outcome)).toMatchObject({
        amount: { amount: 1999, currency: 'EUR' },
        method: {
          last4: expect.stringMatching(/^\d{4}$/),
          customerRef: null,
          fingerprint: expect.any(String),
        },
      });
      expect(amounts(await seen(rig, refOf(outcome)))).toEqual({
        captured: 1999,
        refunded: 0,
        released: false,
      });
    },
    'live',
  ],
  [
    'a hold is no capture, and says until when it can become one',
    async (rig) => {
      const outcome = await ask(rig, rig.card('good'), { capture: 'manual' });
      expect(outcome).toMatchObject({ kind: 'ok', captured: false, captureBefore: expect.any(Date) });
      expect(amounts(await seen(rig, refOf(outcome)))).toEqual({ captured: 0, refunded: 0, released: false });
    },
    'live',
  ],
  [
    'the same operation twice is one charge',
    async (rig) => {
      const same = { operationId: newId() };
      const [first, second] = [
        await ask(rig, rig.card('good'), same),
        await ask(rig, rig.card('good'), same),
      ];
      expect(refOf(second)).toBe(refOf(first));
    },
    'live',
  ],
  [
    'the same operation at once is one charge',
    async (rig) => {
      const same = { operationId: newId() };
      const both = await Promise.all([ask(rig, rig.card('good'), same), ask(rig, rig.card('good'), same)]);
      const known = both.filter(({ kind }) => kind === 'ok').map(refOf);
      expect(known.length).toBeGreaterThan(0);
      expect(new Set(known).size).toBe(1);
      expect(both.every(({ kind }) => kind === 'ok' || kind === 'unknown')).toBe(true);
    },
    'live',
  ],
  [
    'the same operation with another amount is our fault, and never a failed charge',
    async (rig) => {
      const same = { operationId: newId() };
      await ask(rig, rig.card('good'), same);
      const again = await ask(rig, rig.card('good'), { ...same, amount: EUR(5) });
      expect(again).toEqual({ kind: 'unknown', cause: 'key_reused' });
    },
    'live',
  ],
  ['a declined card may be tried again', declinedAs('generic_decline', false, 'retry', 'declined'), 'live'],
  ['a card without money too', declinedAs('insufficient_funds', false, 'retry', 'poor'), 'live'],
  ['trouble on the way too', declinedAs('processing_error', false, 'retry', 'trouble'), 'live'],
  ['an expired card wants another one', declinedAs('expired_card', false, 'new_method', 'expired'), 'live'],
  ['a lost card is never tried again', declinedAs('lost_card', true, 'new_method', 'lost'), 'live'],
  ['nobody knows the card', declinedAs('invalid_payment_method', true, 'new_method', 'unknown'), 'live'],
  [
    'the bank asks, the shopper approves',
    async (rig) => {
      const operationId = newId();
      const asked = await ask(rig, rig.card('challenged'), { operationId });
      expect(asked).toMatchObject({ kind: 'action_required', next: { type: 'redirect' } });
      if (asked.kind === 'action_required') await rig.approve(asked.next.url, true);
      const after = (await seen(rig, refOf(asked))).outcomeOf(operationId);
      expect(after).toMatchObject({ kind: 'ok', captured: true });
    },
  ],
  [
    'the bank asks, the shopper denies',
    async (rig) => {
      const operationId = newId();
      const asked = await ask(rig, rig.card('challenged'), { operationId });
      if (asked.kind === 'action_required') await rig.approve(asked.next.url, false);
      const after = (await seen(rig, refOf(asked))).outcomeOf(operationId);
      expect(after).toMatchObject({
        kind: 'declined',
        code: 'authentication_failed',
        advice: 'authenticate',
      });
    },
  ],
  [
    'a challenge that is walked away from can be voided',
    async (rig) => {
      const [operationId, voidId] = [newId(), newId()];
      const ref = refOf(await ask(rig, rig.card('challenged'), { operationId }));
      expect(signs(await rig.gateway.void({ operationId: voidId, ref, ...amount }))).toBe('ok');
      const after = await seen(rig, ref);
      expect(after.outcomeOf(operationId)).toMatchObject({ kind: 'declined', code: 'canceled' });
      expect(after.released).toBe(true);
    },
    'live',
  ],
  [
    'the shop may want the bank to ask',
    async (rig) => {
      const outcome = await ask(rig, rig.card('good'), { challenge: 'required' });
      expect(outcome.kind).toBe('action_required');
    },
  ],
  [
    'a slow method is pending, then paid',
    async (rig) => {
      const operationId = newId();
      const outcome = await ask(rig, rig.card('slow'), { operationId });
      expect(outcome.kind).toBe('pending');
      await rig.pass(2);
      expect((await seen(rig, refOf(outcome))).outcomeOf(operationId)).toMatchObject({
        kind: 'ok',
        captured: true,
      });
    },
  ],
  [
    'a slow method is pending, then declined',
    async (rig) => {
      const operationId = newId();
      const outcome = await ask(rig, rig.card('slowAndPoor'), { operationId });
      await rig.pass(2);
      expect(signs((await seen(rig, refOf(outcome))).outcomeOf(operationId))).toBe('declined');
    },
  ],
  [
    'the risk is told',
    async (rig) => expect(await ask(rig, rig.card('risky'))).toMatchObject({ kind: 'ok', risk: 66 }),
  ],
  ...(['hang_before', '500_before'] as const).map((trouble): Scenario => [
    `${trouble}: nobody knows, and it was not done`,
    async (rig) => {
      const operationId = newId();
      expect(signs(await ask(rig, rig.trouble(trouble), { operationId }))).toBe('unknown');
      expect(await rig.gateway.findByOperation(operationId)).toBeNull();
    },
  ]),
  ...(['hang_after', '500_after', 'reset_after'] as const).map((trouble): Scenario => [
    `${trouble}: nobody knows, and it was done once`,
    async (rig) => {
      const operationId = newId();
      const outcome = await ask(rig, rig.trouble(trouble), { operationId });
      // After a reset the SDK of Stripe sends the same key once more by itself.
      expect(trouble === 'reset_after' ? ['unknown', 'ok'] : ['unknown']).toContain(outcome.kind);
      const found = await rig.gateway.findByOperation(operationId);
      expect(found?.outcomeOf(operationId)).toMatchObject({ kind: 'ok', captured: true });
    },
  ]),
  [
    'a gateway with too much to do has done nothing',
    async (rig) => {
      const operationId = newId();
      const outcome = await ask(rig, rig.trouble('429'), { operationId });
      expect(outcome).toEqual({ kind: 'errored', code: 'rate_limited', retryable: true });
      expect(await rig.gateway.findByOperation(operationId)).toBeNull();
    },
  ],
  [
    'a gateway that is not there has done nothing',
    async (rig) => {
      const nowhere = 'http://127.0.0.1:9';
      const settings =
        rig.code === 'test'
          ? { TEST_GATEWAY_URL: nowhere }
          : { ...StripeDouble.anySettings, STRIPE_API_URL: nowhere };
      const config = testConfig(rig.app.config.databaseUrl ?? '', rig.app.config.dataDir, settings);
      const away =
        rig.code === 'test'
          ? new TestGateway(config, rig.app.database, rig.app.app.get(GatewayAccountRepository))
          : new StripeGateway(StripeDouble.key, config, rig.app.database);
      expect(await ask({ ...rig, gateway: away }, rig.card('good'))).toEqual({
        kind: 'errored',
        code: 'gateway_unreachable',
        retryable: true,
      });
    },
  ],
  [
    'a gateway that is away cannot be asked, and does nothing',
    async (rig) => {
      const operationId = newId();
      await rig.away(true);
      try {
        expect(signs(await ask(rig, rig.card('good'), { operationId }))).toBe('unknown');
        await expect(rig.gateway.findByOperation(operationId)).rejects.toThrow();
        await expect(rig.gateway.retrieve('ch_any')).rejects.toThrow();
      } finally {
        await rig.away(false);
      }
      expect(await rig.gateway.findByOperation(operationId)).toBeNull();
    },
  ],
  [
    'what was done is found though its key is forgotten',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId }));
      await rig.forgetKeys();
      expect((await rig.gateway.findByOperation(operationId))?.ref).toBe(ref);
    },
  ],
  [
    'nobody calls with a transaction open',
    async (rig) => {
      const inside = rig.app.database.transaction(() => ask(rig, rig.card('good')));
      await expect(inside).rejects.toThrow(/transaction open/);
    },
  ],
  [
    'a hold is captured whole, and captured twice it is captured once',
    async (rig) => {
      const ref = await held(rig);
      const capture = { operationId: newId(), ref, ...amount, final: true };
      expect(await rig.gateway.capture(capture)).toMatchObject({ kind: 'ok', captured: true });
      expect(signs(await rig.gateway.capture(capture))).toBe('ok');
      expect(amounts(await seen(rig, ref))).toEqual({ captured: 1999, refunded: 0, released: false });
    },
    'live',
  ],
  [
    'a hold is captured in parts',
    async (rig) => {
      const ref = await held(rig);
      const parts = [newId(), newId()] as const;
      await rig.gateway.capture({ operationId: parts[0], ref, amount: EUR(700), final: false });
      const between = await seen(rig, ref);
      expect(amounts(between)).toEqual({ captured: 700, refunded: 0, released: false });
      await rig.gateway.capture({ operationId: parts[1], ref, amount: EUR(1299), final: true });
      const after = await seen(rig, ref);
      expect(amounts(after)).toEqual({ captured: 1999, refunded: 0, released: false });
      expect(parts.map((id) => json(after.outcomeOf(id)))).toMatchObject([
        { kind: 'ok', amount: { amount: 700 } },
        { kind: 'ok', amount: { amount: 1299 } },
      ]);
    },
  ],
  [
    'the last capture releases the rest',
    async (rig) => {
      const ref = await held(rig);
      await rig.gateway.capture({ operationId: newId(), ref, amount: EUR(500), final: true });
      expect(amounts(await seen(rig, ref))).toEqual({ captured: 500, refunded: 0, released: true });
      const more = await rig.gateway.capture({ operationId: newId(), ref, amount: EUR(1), final: true });
      expect(more).toMatchObject({ kind: 'errored', retryable: false });
    },
    'live',
  ],
  [
    'nobody captures more than is held',
    async (rig) => {
      const ref = await held(rig);
      const more = await rig.gateway.capture({ operationId: newId(), ref, amount: EUR(2000), final: true });
      expect(more).toMatchObject({ kind: 'errored', retryable: false });
      expect(amounts(await seen(rig, ref)).captured).toBe(0);
    },
    'live',
  ],
  [
    'a capture is known by the charge though its key is forgotten',
    async (rig) => {
      const ref = await held(rig);
      const operationId = newId();
      await rig.gateway.capture({ operationId, ref, ...amount, final: true });
      await rig.forgetKeys();
      expect((await seen(rig, ref)).outcomeOf(operationId)).toMatchObject({ kind: 'ok', captured: true });
    },
  ],
  [
    'a hold is voided, and nothing is left to capture',
    async (rig) => {
      const [ref, operationId] = [await held(rig), newId()];
      expect(signs(await rig.gateway.void({ operationId, ref, ...amount }))).toBe('ok');
      const after = await seen(rig, ref);
      expect(amounts(after)).toEqual({ captured: 0, refunded: 0, released: true });
      expect(signs(after.outcomeOf(operationId))).toBe('ok');
      const late = await rig.gateway.capture({ operationId: newId(), ref, ...amount, final: true });
      expect(late).toMatchObject({ kind: 'errored', retryable: false });
    },
    'live',
  ],
  [
    'what was captured in part stays when the rest is voided',
    async (rig) => {
      const [ref, operationId] = [await held(rig), newId()];
      await rig.gateway.capture({ operationId: newId(), ref, amount: EUR(700), final: false });
      expect(signs(await rig.gateway.void({ operationId, ref, ...amount }))).toBe('ok');
      expect(amounts(await seen(rig, ref))).toEqual({ captured: 700, refunded: 0, released: true });
    },
  ],
  [
    'what was captured cannot be voided',
    async (rig) => {
      const ref = await charged(rig, 'good');
      const outcome = await rig.gateway.void({ operationId: newId(), ref, ...amount });
      expect(outcome).toMatchObject({ kind: 'errored', retryable: false });
    },
    'live',
  ],
  [
    'a hold runs out by itself',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId, capture: 'manual' }));
      await rig.pass(8);
      const after = await seen(rig, ref);
      expect(amounts(after)).toEqual({ captured: 0, refunded: 0, released: true });
      // The authorisation itself was a success.
      expect(after.outcomeOf(operationId)).toMatchObject({ kind: 'ok', captured: false });
    },
  ],
  [
    'a charge is refunded in parts, and never more than it was',
    async (rig) => {
      const ref = await charged(rig, 'good');
      const back = (cents: number, operationId = newId()) =>
        rig.gateway.refund({ operationId, ref, amount: EUR(cents) });
      const first = newId();
      expect(await back(999, first)).toMatchObject({ kind: 'ok' });
      expect(await back(999, first)).toMatchObject({ kind: 'ok' });
      expect(await back(1001)).toMatchObject({ kind: 'errored', retryable: false });
      expect(await back(1000)).toMatchObject({ kind: 'ok' });
      expect(amounts(await seen(rig, ref))).toEqual({ captured: 1999, refunded: 1999, released: false });
    },
    'live',
  ],
  [
    'what was not captured is not refunded',
    async (rig) => {
      const ref = await held(rig);
      const outcome = await rig.gateway.refund({ operationId: newId(), ref, ...amount });
      expect(outcome).toMatchObject({ kind: 'errored', retryable: false });
    },
    'live',
  ],
  [
    'a refund takes its time',
    async (rig) => {
      const [ref, operationId] = [await charged(rig, 'refundsSlowly'), newId()];
      expect(signs(await rig.gateway.refund({ operationId, ref, ...amount }))).toBe('pending');
      expect(amounts(await seen(rig, ref)).refunded).toBe(0);
      await rig.pass(2);
      const after = await seen(rig, ref);
      expect(signs(after.outcomeOf(operationId))).toBe('ok');
      expect(amounts(after).refunded).toBe(1999);
    },
  ],
  [
    'a refund comes back days later',
    async (rig) => {
      const [ref, operationId] = [await charged(rig, 'refundsBounce'), newId()];
      const outcome = await rig.gateway.refund({ operationId, ref, ...amount });
      expect(['pending', 'ok']).toContain(outcome.kind);
      await rig.pass(2);
      const after = await seen(rig, ref);
      expect(signs(after.outcomeOf(operationId))).toBe('declined');
      expect(amounts(after).refunded).toBe(0);
    },
  ],
  [
    'a refund without an answer was made once',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.code === 'test' ? rig.refundTrouble() : rig.card('good')));
      if (rig.code === 'stripe') rig.refundTrouble();
      expect(signs(await rig.gateway.refund({ operationId, ref, ...amount }))).toBe('unknown');
      expect(signs((await seen(rig, ref)).outcomeOf(operationId))).toBe('ok');
      expect(signs(await rig.gateway.refund({ operationId, ref, ...amount }))).toBe('ok');
      expect(amounts(await seen(rig, ref)).refunded).toBe(1999);
    },
  ],
  [
    'a bank takes the money back, and then nobody refunds it too',
    async (rig) => {
      const ref = await charged(rig, 'disputed');
      await rig.pass(2);
      const { disputes } = await seen(rig, ref);
      expect(json(disputes)).toMatchObject([
        {
          status: 'open',
          amount: { amount: 1999, currency: 'EUR' },
          fee: { amount: 1500 },
          reason: 'fraudulent',
        },
      ]);
      expect(disputes[0]?.evidenceDueAt).toBeInstanceOf(Date);
      const outcome = await rig.gateway.refund({ operationId: newId(), ref, ...amount });
      expect(outcome).toMatchObject({ kind: 'errored', retryable: false });
    },
  ],
  ...(['won', 'lost'] as const).map((outcome): Scenario => [
    `a dispute is ${outcome}`,
    async (rig) => {
      const ref = await charged(rig, 'disputed');
      await rig.pass(2);
      await rig.closeDispute(ref, outcome);
      expect((await seen(rig, ref)).disputes).toMatchObject([{ status: outcome }]);
    },
  ]),
  [
    'a customer is made once',
    async (rig) => {
      const same = { operationId: newId(), customerId: newId() };
      const [first, second] = [
        await rig.gateway.createCustomer(same),
        await rig.gateway.createCustomer(same),
      ];
      expect(first.kind).toBe('ok');
      expect(second).toEqual(first);
    },
    'live',
  ],
  [
    'a card is kept and charged while nobody is there',
    async (rig) => {
      const source = await kept(rig, 'good');
      const outcome = await chargeAlone(rig, source);
      expect(outcome).toMatchObject({ kind: 'ok', captured: true });
      expect(outcome).toMatchObject({ method: { ref: source.methodRef, customerRef: source.customerRef } });
    },
    'live',
  ],
  [
    'a card is kept by paying with it',
    async (rig) => {
      const customerRef = await customerOf(rig);
      const paid = await ask(rig, rig.card('good'), { save: { customerRef } });
      if (paid.kind !== 'ok' || paid.method === null) throw new Error(JSON.stringify(paid));
      expect(paid.method.customerRef).toBe(customerRef);
      expect(signs(await chargeAlone(rig, { customerRef, methodRef: paid.method.ref }))).toBe('ok');
    },
    'live',
  ],
  [
    'a card that was asked for when it was kept is not asked for again',
    async (rig) => {
      const customerRef = await customerOf(rig);
      const asked = await keep(rig, 'challengedOnce', customerRef);
      if (asked.kind !== 'action_required') throw new Error(JSON.stringify(asked));
      await rig.approve(asked.next.url, true);
      const setup = await rig.gateway.retrieveSetup(asked.ref);
      if (setup?.kind !== 'ok') throw new Error(JSON.stringify(setup));
      expect(signs(await chargeAlone(rig, { customerRef, methodRef: setup.method.ref }))).toBe('ok');
    },
  ],
  [
    'a card is not kept when the shopper denies',
    async (rig) => {
      const asked = await keep(rig, 'challengedOnce', await customerOf(rig));
      if (asked.kind === 'action_required') await rig.approve(asked.next.url, false);
      const after = 'ref' in asked && asked.ref !== null ? await rig.gateway.retrieveSetup(asked.ref) : null;
      expect(after).toMatchObject({ kind: 'declined', code: 'authentication_failed' });
    },
  ],
  [
    'a bad card is not kept',
    async (rig) => {
      const outcome = await keep(rig, 'lost', await customerOf(rig));
      expect(outcome).toMatchObject({ kind: 'declined', code: 'lost_card', hard: true });
    },
    'live',
  ],
  [
    'a card can be kept and yet fail later',
    async (rig) => {
      const outcome = await chargeAlone(rig, await kept(rig, 'keptButPoor'));
      expect(outcome).toMatchObject({ kind: 'declined', hard: false, advice: 'retry' });
    },
    'live',
  ],
  [
    'a bank that wants to ask declines while nobody is there',
    async (rig) => {
      const customerRef = await customerOf(rig);
      const asked = await keep(rig, 'challenged', customerRef);
      if (asked.kind !== 'action_required') throw new Error(JSON.stringify(asked));
      await rig.approve(asked.next.url, true);
      const setup = await rig.gateway.retrieveSetup(asked.ref);
      if (setup?.kind !== 'ok') throw new Error(JSON.stringify(setup));
      expect(await chargeAlone(rig, { customerRef, methodRef: setup.method.ref })).toMatchObject({
        kind: 'declined',
        code: 'authentication_required',
        advice: 'authenticate',
      });
    },
  ],
  [
    'a forgotten card is not charged, and forgetting it twice is no error',
    async (rig) => {
      const source = await kept(rig, 'good');
      expect(await rig.gateway.detachMethod(source.methodRef)).toEqual({ kind: 'ok' });
      await rig.forgetKeys();
      expect(await rig.gateway.detachMethod(source.methodRef)).toEqual({ kind: 'ok' });
      expect(await chargeAlone(rig, source)).toMatchObject({ kind: 'declined', hard: true });
    },
  ],
  [
    'nobody charges the card of another customer',
    async (rig) => {
      const [{ methodRef }, customerRef] = [await kept(rig, 'good'), await customerOf(rig)];
      expect(await chargeAlone(rig, { customerRef, methodRef })).toMatchObject({
        kind: 'declined',
        hard: true,
      });
    },
    'live',
  ],
  [
    'a set-up that nobody made is not known',
    async (rig) => expect(await rig.gateway.retrieveSetup('seti_nobody')).toBeNull(),
    'live',
  ],
  [
    'a charge that nobody made is not known',
    async (rig) => expect(await rig.gateway.retrieve('pi_nobody')).toBeNull(),
    'live',
  ],
  [
    'an operation that nobody sent is not found',
    async (rig) => expect(await rig.gateway.findByOperation(newId())).toBeNull(),
    'live',
  ],
  [
    'a notice is believed by its bytes, however they are spaced',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId }));
      const body = rig.notice({ ref, operationId });
      expect(body).toMatch(/\n {2}/);
      const parsed = await rig.gateway.parseNotice(Buffer.from(body), await rig.sign(body));
      expect(parsed).toMatchObject({ ref, operationId });
    },
  ],
  [
    'a notice with one other byte is not believed',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId }));
      const body = rig.notice({ ref, operationId });
      const headers = await rig.sign(body);
      for (const other of [`${body} `, body.replace('\n', ''), JSON.stringify(JSON.parse(body))])
        await expect(rig.gateway.parseNotice(Buffer.from(other), headers)).rejects.toThrow(BadSignature);
    },
  ],
  [
    'a notice of ten minutes ago or ahead, of another secret or of nobody is not believed',
    async (rig) => {
      const operationId = newId();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId }));
      const body = rig.notice({ ref, operationId });
      const bad = [
        await rig.sign(body, { t: seconds() - 600 }),
        await rig.sign(body, { t: seconds() + 600 }),
        await rig.sign(body, { secret: 'whsec_of_somebody_else' }),
        {},
      ];
      for (const headers of bad)
        await expect(rig.gateway.parseNotice(Buffer.from(body), headers)).rejects.toThrow(BadSignature);
    },
  ],
  [
    'notices are caught up with, oldest first, and then there are no more',
    async (rig) => {
      const operationId = newId();
      let { position } = await rig.gateway.noticesAfter('0');
      const end = async () => {
        for (;;) {
          const page = await rig.gateway.noticesAfter(position);
          if (page.position === position) return;
          position = page.position;
        }
      };
      await end();
      const ref = refOf(await ask(rig, rig.card('good'), { operationId }));
      await rig.gateway.refund({ operationId: newId(), ref, ...amount });
      const page = await rig.gateway.noticesAfter(position);
      expect(page.notices.map((notice) => notice.ref)).toEqual([ref, ref]);
      expect(page.notices[0]).toMatchObject({ operationId });
      expect((await rig.gateway.noticesAfter(page.position)).position).toBe(page.position);
    },
  ],
  [
    'the statement has every movement with its fee, and what was paid out',
    async (rig) => {
      const [paid, back] = [newId(), newId()];
      const ref = refOf(await ask(rig, rig.card('good'), { operationId: paid }));
      await rig.gateway.refund({ operationId: back, ref, amount: EUR(500) });
      const of = async () => (await everything(rig)).filter((line) => line.ref === ref);
      expect(json(await of())).toMatchObject([
        { kind: 'charge', operationId: paid, amount: 1999, fee: 53, currency: 'EUR', payoutRef: null },
        { kind: 'refund', operationId: back, amount: -500, fee: 0, payoutRef: null },
      ]);
      await ask(rig, rig.card('good'), { amount: EUR(900_000) });
      await rig.payOut();
      const told = new Map((await everything(rig)).map((line) => [line.id, line]));
      const payout = [...told.values()].find(
        (line) =>
          line.kind === 'payout' &&
          line.payoutRef === [...told.values()].find((each) => each.ref === ref)?.payoutRef,
      );
      const parts = [...told.values()].filter(
        (line) => line.kind !== 'payout' && line.payoutRef === payout?.payoutRef,
      );
      expect(parts.length).toBeGreaterThan(1);
      expect(payout?.amount).toBe(-parts.reduce((sum, line) => sum + line.amount - line.fee, 0n));
    },
  ],
  [
    'the statement names the capture of a hold, and the dispute of a charge',
    async (rig) => {
      const operationId = newId();
      const ref = await held(rig, 'disputed');
      await rig.gateway.capture({ operationId, ref, ...amount, final: true });
      await rig.pass(2);
      const told = (await everything(rig)).filter((line) => line.ref === ref);
      expect(json(told)).toMatchObject([
        { kind: 'charge', operationId, amount: 1999 },
        { kind: 'dispute', operationId: null, amount: -1999 },
        { kind: 'dispute_fee', operationId: null, amount: -1500, fee: 0 },
      ]);
    },
  ],
  [
    'an amount that the gateway counts otherwise arrives as it was meant',
    async (rig) => {
      for (const money of [
        Money.of(5_000, 'ISK'),
        Money.of(8_000, 'JPY'),
        Money.of(5_120, 'KWD'),
        Money.of(580_000, 'HUF'),
      ]) {
        rig.gateway.assertRepresentable(money);
        const outcome = await ask(rig, rig.card('good'), { amount: money });
        expect(outcome).toMatchObject({ kind: 'ok' });
        expect(outcome.kind === 'ok' && outcome.amount.equals(money)).toBe(true);
      }
    },
  ],
  [
    'an amount that the gateway cannot take is refused before it is asked',
    async (rig) => {
      const odd = Money.of(5_124, 'KWD');
      if (rig.code === 'test') rig.gateway.assertRepresentable(odd);
      else expect(() => rig.gateway.assertRepresentable(odd)).toThrow(/Nothing was rounded/);
      await Promise.resolve();
    },
  ],
];

/** What a shopper and the shop see, whoever charges the card. */
const JOURNEYS: Scenario[] = [
  [
    'a purchase is paid, and what it paid is refunded in part',
    async (rig) => {
      const { answer } = await buy(rig, rig.card('good'));
      expect(answer).toMatchObject({ status: 201, body: { paymentStatus: 'paid' } });
      const [payment] = answer.body.payments;
      const back = await refund(rig, payment.id, {
        amount: { amount: 500, currency: 'EUR' },
        reason: 'goodwill',
      });
      expect(back.status).toBeLessThan(300);
      await rig.app.settle();
      expect(await paymentOf(rig, payment.id)).toMatchObject({ refunded: { amount: 500 } });
    },
  ],
  [
    'a declined card is followed by a good one, and the order is paid once',
    async (rig) => {
      const { cart, answer } = await buy(rig, rig.card('poor'));
      expect(answer).toMatchObject({ status: 402, body: { declineCode: 'insufficient_funds' } });
      const again = await checkOut(rig, cart, rig.card('good'));
      expect(again).toMatchObject({ status: 201, body: { paymentStatus: 'paid' } });
      expect(again.body.payments).toMatchObject([{ status: 'captured' }]);
    },
  ],
  [
    'the bank asks, and the order is placed when the shopper is back',
    async (rig) => {
      const { cart, answer } = await buy(rig, rig.card('challenged'));
      expect(answer.status).toBe(202);
      const [{ id, nextAction }] = answer.body.payments;
      await rig.approve(nextAction.url, true);
      const path = `/v1/payments/${id}/confirmation`;
      expect((await rig.app.post(path, {}, { cartToken: cart.token })).body).toMatchObject({
        status: 'captured',
      });
      await rig.hear('twice and backwards');
      expect(await orderOf(rig, answer.body.id, cart.token)).toMatchObject({ status: 'placed' });
    },
  ],
  [
    'a slow method is paid by its notice, however often and in whatever order that comes',
    async (rig) => {
      const { cart, answer } = await buy(rig, rig.card('slow'));
      expect(answer).toMatchObject({ status: 202, body: { payments: [{ status: 'processing' }] } });
      await rig.pass(2);
      await rig.hear('twice and backwards');
      await rig.hear('twice and backwards');
      expect(await orderOf(rig, answer.body.id, cart.token)).toMatchObject({
        status: 'placed',
        paymentStatus: 'paid',
      });
    },
  ],
  [
    'a notice that nobody can believe changes nothing, and what it told is caught up with',
    async (rig) => {
      const spoiled = rig.code === 'test' ? '+bad_sig+stale+old_after_new' : '';
      const { cart, answer } = await buy(rig, rig.card('slow') + spoiled);
      await rig.pass(2);
      await rig.hear('spoiled');
      const before = await orderOf(rig, answer.body.id, cart.token);
      expect(before).toMatchObject({ payments: [{ status: 'processing' }] });
      await rig.hear('by catching up');
      expect(await orderOf(rig, answer.body.id, cart.token)).toMatchObject({ paymentStatus: 'paid' });
    },
  ],
  [
    'a charge without an answer is found out though its notice is lost',
    async (rig) => {
      const { cart, answer } = await buy(rig, rig.trouble('hang_after'));
      expect(answer).toMatchObject({ status: 202, body: { payments: [{ status: 'processing' }] } });
      await rig.hear('by catching up');
      expect(await orderOf(rig, answer.body.id, cart.token)).toMatchObject({ paymentStatus: 'paid' });
    },
  ],
  [
    'a charge that was never made ends as declined when the gateway is asked',
    async (rig) => {
      const { cart, answer } = await buy(rig, rig.trouble('hang_before'));
      expect(answer.status).toBe(202);
      rig.app.clock.advance({ minutes: 6 });
      await rig.app.run('billing.repair');
      await rig.app.settle();
      const read = await orderOf(rig, answer.body.id, cart.token);
      expect(read).toMatchObject({ payments: [{ status: 'requires_payment_method' }] });
      expect((await checkOut(rig, cart, rig.card('good'))).status).toBe(201);
    },
  ],
  [
    'a refund that comes back days later is failed, and its money can be asked for again',
    async (rig) => {
      const { answer } = await buy(rig, rig.card('refundsBounce'));
      const [payment] = answer.body.payments;
      const asked = await refund(rig, payment.id, { full: true, reason: 'return' });
      await rig.app.settle();
      await rig.pass(2);
      await rig.hear('twice and backwards');
      const { body } = await rig.app.get(`/v1/admin/refunds?paymentId=${payment.id}`, {
        token: await staffOf(rig),
      });
      expect(body.items).toMatchObject([{ id: asked.body.id, status: 'failed' }]);
      expect(await paymentOf(rig, payment.id)).toMatchObject({ refunded: { amount: 0 } });
    },
  ],
  [
    'a gateway that the shop does not use is refused',
    async (rig) => {
      const cart = await fillCart(rig.app, [await goods(rig.app)]);
      const other = rig.code === 'test' ? 'stripe' : 'test';
      const answer = await checkOut(rig, cart, 'ok', other);
      expect(answer).toMatchObject({ status: 422, body: { code: 'billing.unknown_gateway' } });
    },
  ],
  [
    'a payment of a gateway that the shop had before is left alone, and waits',
    async (rig) => {
      const { answer } = await buy(rig, rig.card('good'));
      const [payment] = answer.body.payments;
      await rig.app.database.execute(`UPDATE billing.payments SET gateway = 'before' WHERE id = $1`, [
        payment.id,
      ]);
      const asked = await refund(rig, payment.id, { full: true, reason: 'return' });
      expect(asked.status).toBeLessThan(300);
      await rig.app.settle();
      const operations = await rig.app.database.query(
        `SELECT status, code FROM billing.operations WHERE payment_id = $1 AND kind = 'refund'`,
        [payment.id],
      );
      expect(operations).toEqual([{ status: 'errored', code: 'gateway_not_configured' }]);
    },
  ],
  [
    'an amount that the gateway cannot take is refused, and nothing is written',
    async (rig) => {
      if (rig.code === 'test') return;
      const opened = rig.app.database.transaction(() =>
        rig.app.app.get(BillingApi).openPayment({
          ...{ orderId: newId(), amount: Money.of(5_123, 'KWD'), gateway: rig.code, token: 'pm_card_visa' },
          buyer: { email: 'ada@example.test', name: 'Ada Byron', billingAddress: null },
        }),
      );
      await expect(opened).rejects.toMatchObject({
        kind: { code: 'billing.amount_not_representable', status: 422 },
      });
      const [row] = await rig.app.database.query<{ payments: string }>(
        `SELECT count(*) AS payments FROM billing.payments WHERE currency = 'KWD'`,
      );
      expect(row?.payments).toBe('0');
    },
  ],
  [
    'a dispute is known whose fee is no whole amount, and of the fee only what can be counted',
    async (rig) => {
      const { app, code } = rig;
      const api = app.app.get(BillingApi);
      const opened = await app.database.transaction(() =>
        api.openPayment({
          ...{ orderId: newId(), amount: Money.of(4_000, 'ISK'), gateway: code, token: rig.card('disputed') },
          buyer: { email: 'ada@example.test', name: 'Ada Byron', billingAddress: null },
        }),
      );
      const outcome = await api.authorize(opened.operationId);
      await app.database.transaction(() => api.settle(opened.operationId, outcome));
      await rig.pass(2);
      await rig.hear();
      const path = `/v1/admin/disputes?paymentId=${opened.paymentId}`;
      const { items } = (await app.get(path, { token: await staffOf(rig) })).body;
      expect(items).toMatchObject([
        {
          status: 'open',
          amount: { amount: 4000, currency: 'ISK' },
          fee: { amount: code === 'stripe' ? 0 : 1500 },
        },
      ]);
    },
  ],
  [
    'the account says what the books say: charges, refunds, fees, disputes and what was paid out',
    async (rig) => {
      const { app, code } = rig;
      const bought = async (card: Card): Promise<string> =>
        (await buy(rig, rig.card(card))).answer.body.payments[0].id;
      const [paid, lost] = [await bought('good'), await bought('disputed')];
      await refund(rig, paid, { amount: { amount: 500, currency: 'EUR' }, reason: 'goodwill' });
      await app.settle();
      await rig.pass(2);
      // Enough for the rest to be paid out, whatever the scenarios before have left.
      await ask(rig, rig.card('good'), { amount: EUR(900_000) });
      await rig.hear();
      await rig.receiveOther();
      await rig.payOut();
      // As far as the scenarios have moved the gateway's clock.
      app.clock.advance({ days: 40 });
      const token = await staffOf(rig);
      const now = app.clock.now().getTime();
      const span = { from: new Date(now - 60 * 86_400_000), to: new Date(now) };
      const started = await app.post('/v1/admin/reconciliation/runs', span, { token });
      expect(started.status).toBe(202);
      await app.run('billing.reconcile');
      const run = (await app.get(`/v1/admin/reconciliation/runs/${started.body.id}`, { token })).body;
      expect(run).toMatchObject({ state: 'finished', lastError: null });
      const lines = await app.database.query<object>(
        `SELECT l.kind, l.amount::int, l.booked::int, l.status, l.payout_ref IS NOT NULL AS out FROM billing.settlement_lines l
         JOIN billing.payments p ON p.gateway_ref = l.ref WHERE p.id = ANY ($1::uuid[]) ORDER BY p.id, l.at, l.kind`,
        [[paid, lost]],
      );
      const fee = Math.round((2489 * 14) / 1000) + 25;
      const of = (kind: string, amount: number, booked = 0) => ({
        ...{ kind, amount, booked },
        ...{ status: 'matched', out: true },
      });
      expect(lines).toEqual([
        of('charge', 2489, fee),
        of('refund', -500),
        of('charge', 2489, fee),
        of('dispute', -2489),
        of('dispute_fee', -1500),
      ]);
      const cases = await app.database.query<{ kind: string }>(
        `SELECT kind FROM billing.reconciliation_cases WHERE payment_id = ANY ($1::uuid[]) OR subject_type = 'payout'`,
        [[paid, lost]],
      );
      expect([code, cases]).toEqual([code, []]);
      // What was charged before the shop kept books is what they begin with, and nobody has to look for it.
      const [before] = await app.database.query<{ opened: number; cases: number }>(
        `WITH begun AS (SELECT min(effective_at) AS at FROM billing.ledger_transactions WHERE kind = 'payment_captured')
         SELECT (SELECT count(*)::int FROM billing.ledger_transactions WHERE kind = 'gateway_opening') AS opened,
           (SELECT count(*)::int FROM billing.reconciliation_cases c JOIN billing.settlement_lines l ON l.id = c.subject_id
             WHERE l.at < (SELECT at FROM begun) AND l.told IS NULL) AS cases`,
      );
      // A fee in hundredths of a króna and money of an unknown kind cannot be booked: they are for a person, and stop nothing else.
      const { items } = (await app.get('/v1/admin/reconciliation/cases?limit=100', { token })).body;
      const odd = items.filter(({ told }: { told: string | null }) => told !== null);
      const isk = { kind: 'missing_here', state: 'open', told: 'amount 5000.00, fee 70.25 ISK' };
      const dispute = {
        kind: 'fee_unbooked',
        told: 'amount -4000.00, fee 15.79 ISK',
        found: { amount: -15 },
      };
      const coin = { kind: 'missing_here', told: 'amount 1999 units, fee 30 units USDC', found: null };
      // What was charged beside it is told in such a fee too.
      const others = odd.filter(({ told }: { told: string }) => told !== 'amount 4000.00, fee 56.25 ISK');
      expect(others).toMatchObject(
        code === 'stripe' ? [coin, dispute, { ...isk, found: { amount: 5000, currency: 'ISK' } }] : [],
      );
      expect(before).toMatchObject({ opened: expect.any(Number), cases: 0 });
      expect(before?.opened).toBeGreaterThan(0);
    },
  ],
];

const staffTokens = new Map<string, string>();
async function staffOf({ code, app }: Rig): Promise<string> {
  const token = staffTokens.get(code) ?? (await given.admin(app));
  staffTokens.set(code, token);
  return token;
}

type Cart = Awaited<ReturnType<typeof fillCart>>;
const checkOut = ({ app, code }: Rig, cart: Cart, token: string, gateway: string = code) =>
  app.post(
    `/v1/carts/${cart.id}/checkout`,
    { payment: { gateway, token, returnUrl: 'https://shop.test/thanks' }, shippingAddress: berlin },
    { key: key(), cartToken: cart.token },
  );

async function buy(rig: Rig, token: string) {
  const cart = await fillCart(rig.app, [await goods(rig.app)]);
  return { cart, answer: await checkOut(rig, cart, token) };
}

const orderOf = async ({ app }: Rig, id: string, cartToken: string): Promise<unknown> =>
  (await app.get(`/v1/orders/${id}`, { cartToken })).body;

const paymentOf = async (rig: Rig, id: string): Promise<unknown> =>
  (await rig.app.get(`/v1/admin/payments/${id}`, { token: await staffOf(rig) })).body;

const refund = async (rig: Rig, id: string, body: object) =>
  rig.app.post(`/v1/admin/payments/${id}/refunds`, body, { token: await staffOf(rig), key: randomUUID() });

async function note(rig: string, [scenario, play]: Scenario, at: Rig): Promise<void> {
  const row = { gateway: rig, scenario, result: 'failed' };
  table.push(row);
  await play(at);
  row.result = 'as it should be';
}

describe.each([
  ['the test gateway', testRig],
  ['Stripe', stripeRig],
])('%s', (name, open) => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await open();
  });
  afterAll(() => rig?.close());

  it.each(SCENARIOS)('%s', async (...scenario) => note(name, scenario, rig));

  it.each(JOURNEYS)('in the shop: %s', async (...journey) => {
    await note(name, journey, rig);
    expect(await imbalance(rig.app)).toBeNull();
  });
});

async function liveRig(): Promise<Rig> {
  const app = await startApp({
    ...StripeDouble.anySettings,
    STRIPE_API_KEY: process.env.STRIPE_TEST_KEY ?? '',
    GATEWAY_TIMEOUT_MS: '20000',
  });
  const cannot = () => Promise.reject(new Error('nobody turns the knobs of Stripe'));
  return {
    ...{ code: 'stripe', app, gateway: app.app.get(PaymentGateway), card: (card) => CARDS[card][1] },
    ...{
      approve: cannot,
      pass: cannot,
      forgetKeys: cannot,
      away: cannot,
      closeDispute: cannot,
      payOut: cannot,
      receiveOther: cannot,
    },
    ...{ sign: cannot, hear: cannot, trouble: () => '', refundTrouble: () => '', notice: () => '' },
    close: () => app.close(),
  };
}

// With a key of its test mode, Stripe itself is held against what needs nobody to turn knobs.
if (process.env.STRIPE_TEST_KEY)
  describe('Stripe itself, in its test mode', () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await liveRig();
    });
    afterAll(() => rig?.close());

    it.each(SCENARIOS.filter(([, , live]) => live === 'live'))('%s', async (...scenario) =>
      note('Stripe itself', scenario, rig),
    );
  });

afterAll(() => {
  if (process.env.CONFORMANCE !== 'print') return;
  const names = [...new Set(table.map(({ scenario }) => scenario))];
  const gateways = [...new Set(table.map(({ gateway }) => gateway))];
  const result = (gateway: string, scenario: string) =>
    table.find((row) => row.gateway === gateway && row.scenario === scenario)?.result ?? '-';
  const rows = names.map((scenario) => [scenario, ...gateways.map((gateway) => result(gateway, scenario))]);
  process.stdout.write(
    `${[['scenario', ...gateways], ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
  );
});
