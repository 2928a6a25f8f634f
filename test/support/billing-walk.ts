import { jest } from '@jest/globals';
import { BillingApi } from '../../src/billing/billing.api.js';
import { PaymentGateway } from '../../src/billing/gateway/payment-gateway.port.js';
import { Invoices } from '../../src/billing/invoice/invoices.service.js';
import { MethodCharges } from '../../src/billing/payment-method/method-charges.service.js';
import { armFailpoint } from '../../src/platform/failpoint.js';
import { Problem } from '../../src/platform/http/problem.js';
import { Money } from '../../src/platform/money/money.js';
import type { TestApp } from './app.js';
import { type Deed, KEPT, type ShopDeed, type Step } from './billing-schedule.js';
import type { Answer } from './client.js';
import type { GatewayBook } from './gateway-book.js';
import { planInvoice } from './invoices.js';
import { berlin, type CartInHand, fillCart, type Goods, key } from './purchase.js';
import { SubscriptionWalk } from './subscription-walk.js';

type Body = Answer['body'];
interface Purchase {
  readonly cart: CartInHand;
  orderId: string | null;
}

type OnOrder = Extract<ShopDeed, { at: number }>;
type OnPayment = Extract<ShopDeed, { which: number }>;

/** What a schedule needs around it, made once. */
export interface BillingWorld {
  readonly app: TestApp;
  readonly book: GatewayBook;
  readonly staff: string;
  readonly goods: readonly [Goods, Goods];
  readonly customerId: string;
  /** What is subscribed to, in the order of `SUBSCRIBED_PLANS`. */
  readonly plans: readonly string[];
  /** Kept methods, in the order of `KEPT`. */
  readonly methods: readonly string[];
  /** The code of a gift card with something on it. */
  giftCard(): Promise<string>;
  /** Whether the money of orders is held from now on, or taken at once. */
  hold(isHeld: boolean): void;
}

/** What was done in all schedules together. */
export class Tally {
  readonly deeds = new Map<string, number>();
  readonly answers = new Map<string, number>();
  readonly deaths = new Map<string, number>();
  told = 0;

  tell(seed: number, schedules: number): string {
    const rows = (of: Map<string, number>) =>
      [...of]
        .sort()
        .map(([name, times]) => `  ${name}: ${times}\n`)
        .join('');
    const sum = [...this.deeds.values()].reduce((all, times) => all + times, 0);
    return `${schedules} schedules with SEED=${seed}, ${sum} deeds\n${rows(this.deeds)}answers\n${rows(this.answers)}deaths\n${rows(
      this.deaths,
    )}notices told again: ${this.told}\n`;
  }

  count(of: Map<string, number>, name: string): void {
    of.set(name, (of.get(name) ?? 0) + 1);
  }
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const GONE = `it has gone, as with the power`;

/** One schedule: deeds over HTTP, in their order or beside each other, some of which die in the middle. */
export class BillingWalk {
  readonly done: string[] = [];
  readonly purchases: Purchase[] = [];
  /** Payments of invoices that no order is behind. */
  readonly charged: string[] = [];
  /** Refunds that were promised to whoever asked, by id, with their amount. */
  readonly promised = new Map<string, number>();
  readonly subscriptions: SubscriptionWalk;
  private isAlone = false;
  private lastInvoice: string | null = null;
  private firstEvent = 0;
  private deaths = 0;

  constructor(
    private readonly world: BillingWorld,
    private readonly tally: Tally,
  ) {
    this.subscriptions = new SubscriptionWalk(world, (minutes) => this.wait(minutes));
  }

  async begin(): Promise<void> {
    const [row] = await this.world.app.database.query<{ event_cursor: string }>(
      'SELECT event_cursor FROM billing.gateway_accounts',
    );
    this.firstEvent = Number(row?.event_cursor ?? 0);
  }

  async step({ deeds, dies, settled }: Step): Promise<void> {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      armFailpoint(null);
      this.deaths += 1;
      this.tally.count(this.tally.deaths, dies ?? 'nowhere');
      throw new Error(GONE);
    });
    armFailpoint(dies);
    this.isAlone = deeds.length === 1 && deeds[0]?.how === 'once';
    try {
      await Promise.all(deeds.flatMap((each) => this.times(each)));
      if (settled) await this.world.app.settle();
    } finally {
      armFailpoint(null);
      kill.mockRestore();
    }
  }

  /** `doubled`: the same request twice at once; `twice`: two requests, each with a key of its own. */
  private times({ how, deed }: Step['deeds'][number]): Promise<void>[] {
    const once = key();
    const keys = how === 'once' ? [once] : how === 'doubled' ? [once, once] : [once, key()];
    return keys.map((each) => this.deed(deed, each));
  }

  private async deed(deed: Deed, once: string): Promise<void> {
    this.tally.count(this.tally.deeds, deed.what);
    const told = await this.attempt(deed, once).catch((error: unknown) => {
      if (error instanceof Error && error.message === GONE) return 'died';
      throw error;
    });
    const answer = typeof told === 'object' ? told : null;
    const outcome = answer ? `${answer.status} ${answer.body?.code ?? answer.body?.status ?? ''}` : told;
    this.tally.count(this.tally.answers, `${deed.what}: ${outcome ?? 'nothing to do'}`);
    this.done.push(`${JSON.stringify(deed)}: ${outcome ?? 'nothing to do'}`);
    const isOurs = answer?.status === 500 && this.deaths === 0;
    if (isOurs) throw new Error(`${JSON.stringify(deed)}: ${answer.text}`);
  }

  private async attempt(deed: Deed, once: string): Promise<Answer | string | null> {
    const { app, book } = this.world;
    if ('sub' in deed || deed.what === 'subscribe' || deed.what === 'renew')
      return this.subscriptions.attempt(deed, once, this.isAlone);
    switch (deed.what) {
      case 'buy':
        return this.buy(deed, once);
      case 'wait':
        return this.wait(deed.minutes);
      case 'run':
        // Whatever fails is tried again, as every job is.
        return app.run(deed.job).then(
          () => 'ran',
          (error: unknown) => `failed (${String(error)})`,
        );
      case 'turn':
        await book.turn(deed.knobs);
        return 'turned';
      case 'hear':
        return this.hear(deed);
      case 'charge what is kept':
        return this.charge(deed);
      case 'pay again':
      case 'cancel':
      case 'send':
      case 'change':
      case 'pay what is due':
      case 'withdraw':
      case 'take cash':
      case 'answer the bank':
      case 'come back':
      case 'capture':
      case 'release':
      case 'refund':
      case 'review':
      case 'close the dispute':
      case 'ask again': {
        const purchase = this.purchases[deed.at % Math.max(1, this.purchases.length)];
        return purchase ? this.onOrder(deed, purchase, once) : null;
      }
    }
  }

  private async onOrder(deed: OnOrder, purchase: Purchase, once: string): Promise<Answer | string | null> {
    const { app, staff } = this.world;
    const asStaff = { token: staff, key: once };
    const { orderId } = purchase;
    if (deed.what === 'pay again') return this.checkOut(purchase, deed, once);
    if (orderId === null) return null;
    const order = `/v1/admin/orders/${orderId}`;
    const { body } = await app.get(order, { token: staff });
    switch (deed.what) {
      case 'cancel':
        return app.post(
          `/v1/orders/${orderId}/cancellation`,
          {},
          deed.byStaff ? asStaff : { cartToken: purchase.cart.token, key: once },
        );
      case 'send':
        return app.post(`${order}/fulfilments`, {}, asStaff);
      case 'change':
        return this.change(body, deed.plan, once);
      case 'pay what is due':
        return app.post(
          `/v1/orders/${orderId}/payments`,
          { payment: { gateway: 'test', token: deed.card } },
          { cartToken: purchase.cart.token, key: once },
        );
      case 'withdraw': {
        const { items } = (await app.get(`${order}/changes`, { token: staff })).body;
        const open = items.find(({ state }: Body) => state === 'awaiting_payment');
        return open ? app.post(`${order}/changes/${open.id}/withdrawal`, undefined, asStaff) : null;
      }
      case 'take cash':
        return app.post(
          `${order}/payments`,
          { method: 'cash', amount: eur(1 + deed.share * 44), reference: once },
          asStaff,
        );
      case 'answer the bank':
      case 'come back':
      case 'capture':
      case 'release':
      case 'refund':
      case 'review':
      case 'close the dispute':
      case 'ask again': {
        const payment = body.payments[deed.which % Math.max(1, body.payments.length)];
        return payment ? this.onPayment(deed, purchase, payment.id, once) : null;
      }
    }
  }

  private async onPayment(
    deed: OnPayment,
    purchase: Purchase,
    id: string,
    once: string,
  ): Promise<Answer | string | null> {
    const { app, book, staff } = this.world;
    const asStaff = { token: staff, key: once };
    const at = `/v1/admin/payments/${id}`;
    switch (deed.what) {
      case 'answer the bank': {
        const ref = (await app.get(at, { token: staff })).body.gatewayRef;
        if (ref) await book.decide(ref, deed.approve ? 'approve' : 'deny');
        return ref ? 'answered' : null;
      }
      case 'come back':
        return app.post(`/v1/payments/${id}/confirmation`, undefined, {
          cartToken: purchase.cart.token,
        });
      case 'capture': {
        const { share, final } = deed;
        const what = share === 100 ? { full: true } : { amount: eur(1 + share * 44), final };
        return app.post(`${at}/captures`, what, asStaff);
      }
      case 'release':
        return app.post(`${at}/void`, undefined, asStaff);
      case 'refund':
        return this.refund(at, deed, once);
      case 'review':
        return app.post(`${at}/review`, { decision: deed.accept ? 'accept' : 'reject' }, asStaff);
      case 'close the dispute': {
        const { items } = (await app.get(`/v1/admin/disputes?paymentId=${id}`, { token: staff })).body;
        const [open] = items.filter(({ status }: Body) => status === 'open');
        const ref = (await app.get(at, { token: staff })).body.gatewayRef;
        const dispute = ref && (await book.charge(ref))?.disputes[0]?.ref;
        if (dispute) await book.closeDispute(ref, dispute, deed.won ? 'won' : 'lost');
        return open ? 'decided' : dispute ? 'decided before it was heard of' : null;
      }
      case 'ask again': {
        const { operations } = (await app.get(at, { token: staff })).body;
        const last = operations.at(-1);
        return last ? app.post(`${at}/operations/${last.id}/retry`, undefined, asStaff) : null;
      }
    }
  }

  private async buy(deed: Extract<ShopDeed, { what: 'buy' }>, once: string): Promise<Answer | null> {
    const { app, goods, hold } = this.world;
    if (this.purchases.length >= 3) return null;
    hold(deed.hold);
    const [first] = goods;
    const purchase: Purchase = { cart: await fillCart(app, [{ ...first, quantity: 2 }]), orderId: null };
    this.purchases.push(purchase);
    return this.checkOut(purchase, deed, once);
  }

  /** Whoever dies, or is told to wait, comes again with the same key. */
  private async checkOut(
    purchase: Purchase,
    { card, gift }: { card: string; gift: boolean },
    once: string,
  ): Promise<Answer> {
    const { app, giftCard } = this.world;
    const body = {
      ...{ shippingAddress: berlin, payment: { gateway: 'test', token: card } },
      ...(gift && { giftCards: [{ code: await giftCard() }] }),
    };
    const send = () =>
      app.post(`/v1/carts/${purchase.cart.id}/checkout`, body, { key: once, cartToken: purchase.cart.token });
    const answer = await send();
    const [row] = await app.database.query<{ id: string }>(
      'SELECT id FROM ordering.orders WHERE cart_id = $1',
      [purchase.cart.id],
    );
    purchase.orderId = row?.id ?? purchase.orderId;
    return answer;
  }

  private async refund(
    at: string,
    { share, note }: Extract<ShopDeed, { what: 'refund' }>,
    once: string,
  ): Promise<Answer> {
    const { app, staff } = this.world;
    const how = share === 100 ? { full: true } : { amount: eur(1 + share * 44) };
    const body = { ...how, reason: 'a test', creditNote: note, creditNoteReason: 'a test' };
    const answer = await app.post(`${at}/refunds`, body, { token: staff, key: once });
    if (answer.status < 300) this.promised.set(answer.body.id, answer.body.amount.amount);
    return answer;
  }

  private async change(order: Body, plan: string, once: string): Promise<Answer | null> {
    const { app, staff, goods } = this.world;
    const path = `/v1/admin/orders/${order.id}/changes`;
    const sent = order.lines.find(
      (line: Body) => line.fulfilledQuantity - line.returnedQuantity - line.refundedQuantity > 0,
    );
    const open = order.lines.find((line: Body) => line.quantity > line.fulfilledQuantity);
    const line = plan === 'remove' ? open : sent;
    if (plan !== 'add' && line === undefined) return null;
    const pieces = [{ lineId: line?.id, quantity: 1 }];
    const wish = {
      remove: { kind: 'edit', remove: pieces },
      add: { kind: 'edit', add: [{ variantId: goods[1].variantId, quantity: 1 }] },
      return: { kind: 'return', back: pieces.map((each) => ({ ...each, restockAt: 'main' })) },
      claim: { kind: 'claim', refund: pieces },
    }[plan];
    const draft = await app.post(path, wish, { token: staff });
    if (draft.status !== 201) return draft;
    const shown = await app.get(`${path}/${draft.body.id}/preview`, { token: staff });
    const body = { expectedDifference: shown.body.difference };
    return app.post(`${path}/${draft.body.id}/confirmation`, body, { token: staff, key: once });
  }

  /** An invoice is charged to a kept method, with nobody there. */
  private async charge({ kept, anew }: Extract<ShopDeed, { what: 'charge what is kept' }>): Promise<string> {
    const { app, customerId, methods } = this.world;
    const [amount, billing] = [Money.of(1900, 'EUR'), app.app.get(BillingApi)];
    if (anew || this.lastInvoice === null) {
      const made = await app.database.transaction(() => app.app.get(Invoices).finalize(planInvoice(1900)));
      this.lastInvoice = made.invoiceId;
    }
    const invoiceId = this.lastInvoice;
    try {
      const methodId = methods[kept] ?? null;
      const { paymentId, operationId } = await app.database.transaction(() =>
        app.app.get(MethodCharges).open({ purpose: 'invoice', invoiceId, customerId, methodId, amount }),
      );
      if (!this.charged.includes(paymentId)) this.charged.push(paymentId);
      const outcome = await billing.authorize(operationId);
      const view = await app.database.transaction(() => billing.settle(operationId, outcome));
      return `${KEPT[kept]} ${view.status}`;
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  }

  /** The gateway's notices of this schedule, told again in some order. */
  private async hear({ backwards, times, every }: Extract<ShopDeed, { what: 'hear' }>): Promise<string> {
    const events = (await this.world.book.eventsAfter(this.firstEvent)).filter((_, n) => n % every === 0);
    if (backwards) events.reverse();
    const sends = events.flatMap((event) => Array.from({ length: times }, () => this.world.book.tell(event)));
    this.tally.told += sends.length;
    const statuses = new Set(await Promise.all(sends));
    return [...statuses].sort().join() || 'nothing';
  }

  /** The same time for the shop and for its gateway. */
  async wait(minutes: number): Promise<string> {
    const { app } = this.world;
    app.clock.advance({ minutes });
    const move = () => app.app.get(PaymentGateway).moveClock(app.clock.now());
    // The gateway has little time to answer here, and a machine with much to do may need more: the same time is told again.
    await move().catch(move);
    return 'waited';
  }
}
