import type { TestApp } from './app.js';
import type { Answer } from './client.js';
import type { GatewayBook } from './gateway-book.js';
import { given } from './given.js';
import { berlin, key } from './purchase.js';
import { type SubscriptionDeed } from './subscription-schedule.js';

type Body = Answer['body'];
type Of<W extends SubscriptionDeed['what']> = Extract<SubscriptionDeed, { what: W }>;

/** What a walk of subscriptions needs around it. */
export interface SubscriptionWorld {
  readonly app: TestApp;
  readonly book: GatewayBook;
  readonly staff: string;
  /** In the order of `SUBSCRIBED_PLANS`. */
  readonly plans: readonly string[];
}

/** A change that was confirmed, with all that it was said to come to. */
export interface ConfirmedQuote {
  readonly subscriptionId: string;
  readonly quote: string;
  readonly bills: string;
  readonly behaviour: string;
  readonly dueNow: number;
  readonly lines: readonly { title: string; amount: number }[];
}

/** What the next invoice was said to come to, just before its period began, and what it came to. */
export interface Forecast {
  readonly subscriptionId: string;
  readonly periodStart: string;
  readonly foreseen: number;
  readonly billed: number;
}

interface Subscriber {
  readonly id: string;
  readonly token: string;
}

const eur = (amount: number) => ({ amount, currency: 'EUR' });

/** What one customer does with subscriptions in one schedule, and what the shop does with them. */
export class SubscriptionWalk {
  readonly confirmed: ConfirmedQuote[] = [];
  readonly forecasts: Forecast[] = [];
  /** Refunds that were promised, by id, with their amount. */
  readonly promised = new Map<string, number>();
  private who: Promise<Subscriber> | null = null;
  /** What was asked for under a key: whoever comes again with it asks for the same. */
  private readonly asked = new Map<string, Promise<Answer>>();

  constructor(
    private readonly world: SubscriptionWorld,
    private readonly wait: (minutes: number) => Promise<string>,
  ) {}

  /** Those of this schedule, the oldest first. */
  async ids(): Promise<string[]> {
    if (this.who === null) return [];
    const { id } = await this.who;
    const rows = await this.world.app.database.query<{ id: string }>(
      'SELECT id FROM billing.subscriptions WHERE customer_id = $1 ORDER BY id',
      [id],
    );
    return rows.map((row) => row.id);
  }

  /** `isAlone`: nothing else is done beside it. */
  async attempt(deed: SubscriptionDeed, once: string, isAlone: boolean): Promise<Answer | string | null> {
    if (deed.what === 'subscribe') return this.subscribe(deed, once);
    if (deed.what === 'renew') return this.renew(deed, isAlone);
    const ids = await this.ids();
    const id = ids[deed.sub % Math.max(1, ids.length)];
    return id === undefined ? null : this.onSubscription(deed, id, once);
  }

  /** Ends what goes on, so that the next schedule begins with nothing that is owed or renewed. */
  async end(): Promise<void> {
    const { app, staff } = this.world;
    for (const id of await this.ids()) {
      await app.post(
        `/v1/admin/subscriptions/${id}/cancellation`,
        { when: 'now' },
        { token: staff, key: key() },
      );
      await app.settle();
      for (const invoice of await this.invoices(id))
        if (invoice.state === 'open')
          await app.post(
            `/v1/admin/invoices/${invoice.id}/write-off`,
            { reason: 'the end of a test' },
            { token: staff, key: key() },
          );
    }
    await app.settle();
  }

  private async onSubscription(
    deed: Exclude<SubscriptionDeed, { what: 'subscribe' | 'renew' }>,
    id: string,
    once: string,
  ): Promise<Answer | string | null> {
    const { app } = this.world;
    switch (deed.what) {
      case 'change the plan':
        return this.change(deed, id, once);
      case 'drop the change':
        return app.delete(`/v1/me/subscriptions/${id}/scheduled-change`, await this.mine());
      case 'pause':
        return this.step(id, 'pause', undefined, deed.byStaff, once);
      case 'resume':
        return this.step(id, 'resumption', undefined, deed.byStaff, once);
      case 'end it':
        return this.step(id, 'cancellation', { when: deed.when }, deed.byStaff, once);
      case 'keep it':
        return app.delete(`/v1/me/subscriptions/${id}/cancellation`, await this.mine());
      case 'pay what it owes':
        return this.pay(deed, id, once);
      case 'keep another card':
        return this.another(deed, id, once);
      case 'ask the bank about it':
        return this.askBank(deed, id);
      case 'use': {
        const event = { eventId: once, component: 'calls', quantity: String(deed.quantity) };
        const body = { events: [{ ...event, at: app.clock.now().toISOString() }] };
        return app.post(`/v1/admin/subscriptions/${id}/usage-events`, body, this.asStaff(once));
      }
      case 'try to collect':
      case 'pay by the link':
      case 'end the invoice':
      case 'refund the invoice':
      case 'credit the invoice': {
        const invoices = await this.invoices(id);
        const invoice = invoices[deed.which % Math.max(1, invoices.length)];
        return invoice ? this.onInvoice(deed, invoice.id, once) : null;
      }
    }
  }

  private async onInvoice(
    deed: Extract<SubscriptionDeed, { which: number }>,
    id: string,
    once: string,
  ): Promise<Answer | string | null> {
    const { app } = this.world;
    const asStaff = this.asStaff(once);
    switch (deed.what) {
      case 'try to collect':
        return app.post(`/v1/admin/invoice-collections/${id}/attempts`, undefined, asStaff);
      case 'end the invoice':
        return app.post(`/v1/admin/invoices/${id}/${deed.how}`, { reason: 'a test' }, asStaff);
      case 'pay by the link':
        return this.payByLink(deed, id, once);
      case 'refund the invoice':
        return this.refund(deed, id, once);
      case 'credit the invoice': {
        const { body } = await app.get(`/v1/admin/invoices/${id}`, asStaff);
        const amount = Math.ceil(body.total.amount / 3);
        const excess = amount - Math.min(amount, body.due.amount);
        const note = {
          amount: eur(amount),
          reason: 'other',
          ...(excess > 0 && { storeCredit: eur(excess) }),
        };
        return app.post(`/v1/admin/invoices/${id}/credit-notes`, note, asStaff);
      }
    }
  }

  private async subscribe({ plan, card, quantity, anchor, isSent, again }: Of<'subscribe'>, once: string) {
    const { app, plans } = this.world;
    if ((await this.ids()).length >= 2) return null;
    const methodId = await this.keep(card, once);
    if (methodId === null) return 'nothing was kept';
    const day = new Date(app.clock.now().getTime() + anchor * 86_400_000).toISOString().slice(0, 10);
    const isTrial = plan === 3;
    const wish = {
      ...{
        planId: plans[plan],
        quantity,
        currency: 'EUR',
        billingAddress: berlin,
        paymentMethodId: methodId,
      },
      ...(anchor > 0 && !isTrial && { anchorDate: day }),
    };
    if (!isSent) return this.send('/v1/me/subscriptions', once, again, wish);
    const sent = { ...wish, customerId: (await this.customer()).id, collection: 'invoice' };
    return this.send('/v1/admin/subscriptions', once, again, sent, this.world.staff);
  }

  private async pay(
    { card, again }: Of<'pay what it owes'>,
    id: string,
    once: string,
  ): Promise<Answer | string> {
    const paymentMethodId = card === null ? null : await this.keep(card, once);
    return this.send(`/v1/me/subscriptions/${id}/payment`, once, again, { paymentMethodId });
  }

  private async another({ card, isDefault }: Of<'keep another card'>, id: string, once: string) {
    const { app } = this.world;
    const paymentMethodId = await this.keep(card, once);
    if (paymentMethodId === null) return 'nothing was kept';
    return isDefault
      ? app.post(`/v1/me/payment-methods/${paymentMethodId}/default`, undefined, await this.mine())
      : app.patch(`/v1/me/subscriptions/${id}`, { paymentMethodId }, await this.mine());
  }

  /** What the customer is shown, and then says yes to. */
  private async change(
    { plan, quantity, behaviour, byStaff }: Of<'change the plan'>,
    id: string,
    once: string,
  ): Promise<Answer> {
    const { app, plans, staff } = this.world;
    const at = `/v1/${byStaff ? 'admin' : 'me'}/subscriptions/${id}/changes`;
    const token = byStaff ? staff : (await this.customer()).token;
    const wish = { planId: plans[plan], quantity, behaviour };
    const shown = await this.same(`${once} shown`, () => app.post(`${at}/preview`, wish, { token }));
    if (shown.status !== 200) return shown;
    const { quote, bills, dueNow, lines } = shown.body;
    const made = await app.post(at, { quote }, { token, key: once });
    const isReplay = made.headers.get('idempotency-replayed') !== null;
    if (made.status === 200 && !isReplay)
      this.confirmed.push({
        ...{ subscriptionId: id, quote, bills, behaviour: shown.body.behaviour, dueNow: dueNow.amount },
        lines: lines.map(({ title, amount }: Body) => ({ title, amount: amount.amount })),
      });
    return made;
  }

  /** The bank is asked about the payment that is waited for, and the customer may come back from it. */
  private async askBank(
    { approve, back }: Of<'ask the bank about it'>,
    id: string,
  ): Promise<Answer | string | null> {
    const { app, book, staff } = this.world;
    const { body } = await app.get(`/v1/admin/subscriptions/${id}`, { token: staff });
    if (!body.payment) return null;
    const { gatewayRef } = (await app.get(`/v1/admin/payments/${body.payment.id}`, { token: staff })).body;
    if (!gatewayRef) return null;
    await book.decide(gatewayRef, approve ? 'approve' : 'deny');
    if (!back) return 'answered';
    return app.post(`/v1/payments/${body.payment.id}/confirmation`, undefined, await this.mine());
  }

  private async payByLink({ card, back }: Of<'pay by the link'>, id: string, once: string): Promise<Answer> {
    const { app, book } = this.world;
    const link = await this.same(`${once} link`, () =>
      app.post(`/v1/admin/invoice-collections/${id}/links`, undefined, this.asStaff(key())),
    );
    if (link.status !== 201) return link;
    const token = /token=([\w-]+)/.exec(link.body.url)?.[1];
    const payment = card === null ? null : { gateway: 'test', token: `${card}+card=${once.slice(0, 8)}` };
    const paid = await app.post('/v1/invoice-links/payment', { token, payment }, { key: once });
    const ref = paid.body?.nextAction?.url?.split('/').at(-1);
    if (!ref || !back) return paid;
    await book.decide(ref, 'approve');
    return app.post('/v1/invoice-links/confirmation', { token });
  }

  private async refund({ share, note }: Of<'refund the invoice'>, invoiceId: string, once: string) {
    const { app } = this.world;
    const rows = await app.database.query<{ id: string }>(
      'SELECT id FROM billing.payments WHERE invoice_id = $1 ORDER BY captured DESC, id',
      [invoiceId],
    );
    if (!rows[0]) return null;
    const how = share === 100 ? { full: true } : { amount: eur(1 + share * 30) };
    const body = { ...how, reason: 'a test', creditNote: note, creditNoteReason: 'a test' };
    const answer = await app.post(`/v1/admin/payments/${rows[0].id}/refunds`, body, this.asStaff(once));
    if (answer.status < 300) this.promised.set(answer.body.id, answer.body.amount.amount);
    return answer;
  }

  /** Time passes, and the jobs of renewals and collections run so often at once. */
  private async renew({ days, times }: Of<'renew'>, isAlone: boolean): Promise<string> {
    const { app } = this.world;
    const foreseen = isAlone ? await this.foresee(days) : [];
    await this.wait(days * 1_440);
    for (const job of ['billing.renew_subscriptions', 'billing.collect', 'billing.recognise_revenue']) {
      const runs = await Promise.allSettled(Array.from({ length: times }, () => app.run(job)));
      const failed = runs.find((one) => one.status === 'rejected');
      // Whatever fails is tried again, as every job is.
      if (failed) return `${job} failed (${String(failed.reason)})`;
    }
    for (const one of foreseen) {
      const [invoice] = await app.database.query<{ total: string }>(INVOICE_OF, [
        one.subscriptionId,
        one.periodStart,
      ]);
      if (invoice) this.forecasts.push({ ...one, billed: Number(invoice.total) });
    }
    return 'renewed';
  }

  /** What is to be billed within these days, as it is shown. */
  private async foresee(days: number): Promise<Omit<Forecast, 'billed'>[]> {
    const { app, staff } = this.world;
    const until = app.clock.now().getTime() + days * 86_400_000;
    const all: Omit<Forecast, 'billed'>[] = [];
    for (const subscriptionId of await this.ids()) {
      const { body } = await app.get(`/v1/admin/subscriptions/${subscriptionId}/next-invoice`, {
        token: staff,
      });
      if (body.at !== null && Date.parse(body.at) <= until)
        all.push({ subscriptionId, periodStart: body.days.start, foreseen: body.totals.gross.amount });
    }
    return all;
  }

  private async step(id: string, what: string, body: object | undefined, byStaff: boolean, once: string) {
    const { app, staff } = this.world;
    const token = byStaff ? staff : (await this.customer()).token;
    return app.post(`/v1/${byStaff ? 'admin' : 'me'}/subscriptions/${id}/${what}`, body, {
      token,
      key: once,
    });
  }

  /** The newest first. */
  private async invoices(id: string): Promise<Body[]> {
    const list = await this.world.app.get(`/v1/admin/invoices?subscriptionId=${id}`, {
      token: this.world.staff,
    });
    return list.body.items;
  }

  /** Whoever gets no answer comes again with the same key, or does not. */
  private async send(
    path: string,
    once: string,
    again: boolean,
    body: object,
    staff?: string,
  ): Promise<Answer> {
    const { app } = this.world;
    const by = { token: staff ?? (await this.customer()).token, key: once };
    const answer = await app.post(path, body, by);
    return answer.status === 500 && again ? app.post(path, body, by) : answer;
  }

  /** A card of its own, kept; null: the gateway did not want it. */
  private async keep(card: string, once: string): Promise<string | null> {
    const { app, book } = this.world;
    const kept = await this.same(`${once} card`, async () => {
      const by = await this.mine();
      const body = { gateway: 'test', token: `${card}+card=${once.slice(0, 8)}` };
      const made = await app.post('/v1/me/payment-methods', body, { ...by, key: key() });
      const ref = made.body?.nextAction?.url?.split('/').at(-1);
      if (!ref) return made;
      await book.decide(ref, 'approve');
      return app.post(`/v1/me/payment-method-setups/${made.body.id}/confirmation`, undefined, by);
    });
    return kept.body?.methodId ?? null;
  }

  private same(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    const answer = this.asked.get(name) ?? ask();
    this.asked.set(name, answer);
    return answer;
  }

  private async mine(): Promise<{ token: string }> {
    return { token: (await this.customer()).token };
  }

  private asStaff(once: string): { token: string; key: string } {
    return { token: this.world.staff, key: once };
  }

  /** Somebody new in each schedule: nobody has had a trial, and no card has failed before. */
  private customer(): Promise<Subscriber> {
    this.who ??= (async () => {
      const { app } = this.world;
      const { token, email } = await given.customer(app);
      return { token, id: (await given.accountId(app, email)) ?? '' };
    })();
    return this.who;
  }
}

const INVOICE_OF = `
  SELECT i.total::text FROM billing.invoice_periods p JOIN billing.invoices i ON i.id = p.invoice_id
  WHERE p.subscription_id = $1 AND p.period_start = $2::date`;
