import { AsyncResource } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { verifyLines } from '../src/billing/ledger/exported-chain.js';
import { Temporal } from 'temporal-polyfill';
import { PaymentGateway } from '../src/billing/gateway/payment-gateway.port.js';
import { LedgerChain } from '../src/billing/ledger/ledger-chain.service.js';
import { LedgerRepository } from '../src/billing/ledger/ledger.repository.js';
import { PeriodRepository } from '../src/billing/ledger/period.repository.js';
import { postings } from '../src/billing/ledger/posting.js';
import { newId } from '../src/platform/ids.js';
import { Money } from '../src/platform/money/money.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { buy, goods, type Goods, imbalance, key } from './support/purchase.js';

type Body = Answer['body'];

const SELLER = {
  name: 'Guildhall Trading GmbH',
  address: { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' },
  vatId: 'DE136695976',
  timeZone: 'Europe/Berlin',
};
const CASH = 'assets:cash';
const RECONCILING = /settlement_lines|reconciliation_|INSERT INTO billing\.ledger_transactions/;

describe('the books', () => {
  let app: TestApp;
  let token: string;
  let reader: string;
  let lamp: Goods;
  let closedSeal: string;

  /** This month and those before it, and the last day before all of them. */
  let [m0, m1, m2, m3, eve] = ['', '', '', '', ''];

  beforeAll(async () => {
    app = await startApp();
    const today = Temporal.PlainDate.from(app.clock.now().toISOString().slice(0, 10));
    const month = (months: number) => today.subtract({ months }).toPlainYearMonth().toString();
    [m0, m1, m2, m3] = [month(0), month(1), month(2), month(3)];
    eve = Temporal.PlainDate.from(`${m3}-01`).subtract({ days: 1 }).toString();
    token = await given.admin(app);
    reader = (await given.staff(app, ['read-only'], token)).token;
    lamp = await goods(app, { price: 1999, stock: 1_000 });
    await app.put('/v1/admin/seller-profile', SELLER, { token });
  });
  afterEach(async () => {
    await app.settle();
    expect(await imbalance(app)).toBeNull();
  });
  afterAll(() => app?.close());

  const get = (path: string, by = token) => app.get(`/v1/admin/ledger/${path}`, { token: by });
  const close = (period: string, options: { token?: string; key?: string } = {}) =>
    app.post(`/v1/admin/ledger/periods/${period}/closing`, undefined, { token, ...options });
  /** Cash of so many cents, with the moment of its fact; in the running transaction, or in one of its own. */
  const post = (amount: number, at: string): Promise<string> =>
    app.database.transaction(async () => {
      const id = newId();
      const posting = postings.received(id, 'cash', Money.of(amount, 'EUR'));
      await app.app.get(LedgerRepository).post({ paymentId: null, orderId: null }, [posting], new Date(at));
      return id;
    });
  const bookedOn = async (sourceId: string): Promise<string | undefined> => {
    const [row] = await app.database.query<{ day: string }>(
      'SELECT booked_on::text AS day FROM billing.ledger_transactions WHERE source_id = $1',
      [sourceId],
    );
    return row?.day;
  };
  /** What the whole ledger comes to, counted entry by entry. */
  const counted = async (where: string, values: unknown[] = []): Promise<Record<string, string>> => {
    const rows = await app.database.query<{ account: string; sum: string }>(
      `SELECT e.account || ' ' || e.currency AS account, sum(e.amount)::text AS sum FROM billing.ledger_entries e
       JOIN billing.ledger_transactions t ON t.id = e.transaction_id WHERE ${where} GROUP BY 1 ORDER BY 1`,
      values,
    );
    return Object.fromEntries(rows.map(({ account, sum }) => [account, sum]));
  };
  const balances = async (query = ''): Promise<Record<string, string>> => {
    const { body } = await get(`accounts${query}`);
    expect(body.totals.every(({ amount }: { amount: number }) => amount === 0)).toBe(true);
    return Object.fromEntries(
      body.items.map(({ account, balance }: Body) => [
        `${account} ${balance.currency}`,
        String(balance.amount),
      ]),
    );
  };
  /** All that is booked in a closed month was sealed when it was closed. */
  const intact = async (): Promise<void> => {
    await app.run('billing.seal_ledger');
    const intruders = await app.database.query(
      `SELECT t.id, t.booked_on::text FROM billing.ledger_periods p
       JOIN billing.ledger_transactions t ON t.booked_on < p.period + interval '1 month'
       JOIN billing.ledger_seals s ON s.transaction_id = t.id AND s.position > p.position`,
    );
    expect(intruders).toEqual([]);
  };
  const pages = async (path: string): Promise<Body[]> => {
    const all = [(await get(path)).body];
    while (all.at(-1).nextCursor) all.push((await get(`${path}&cursor=${all.at(-1).nextCursor}`)).body);
    return all;
  };

  const start = (body: object, by = token) => app.post('/v1/admin/reconciliation/runs', body, { token: by });
  const line = { kind: 'fee', ref: null, operationId: null, amount: -450, fee: 0, currency: 'EUR' };
  const knobs = async (settlement: object) => {
    const [known] = await app.database.query<{ account: string }>(
      'SELECT account FROM billing.gateway_accounts',
    );
    const headers = { authorization: `Bearer ${known?.account}`, 'content-type': 'application/json' };
    const body = JSON.stringify(settlement);
    await fetch(`${app.config.testGatewayUrl}/knobs`, { method: 'POST', headers, body });
  };

  it('begin with what the account at the gateway held, up to the first time somebody looks', async () => {
    const gateway = app.app.get(PaymentGateway);
    // However long the account has been there before us: its lines are taken in together.
    for (const [id, many] of [
      ['txn_old', 90],
      ['txn_new', 1],
    ] as const) {
      await gateway.moveClock(app.clock.now());
      const told = { ...line, amount: -450 / many, at: app.clock.now().toISOString() };
      await knobs({ settlement: { add: Array.from({ length: many }, (_, n) => ({ ...told, id: id + n })) } });
      app.clock.advance({ seconds: 2 });
      expect((await start({})).status).toBe(202);
      const sent = [jest.spyOn(app.database, 'query'), jest.spyOn(app.database, 'execute')];
      await app.run('billing.reconcile');
      const statements = sent.flatMap(({ mock }) => mock.calls).filter(([text]) => RECONCILING.test(text));
      for (const spy of sent) spy.mockRestore();
      expect(statements.length).toBeLessThan(30);
    }
    const of = ['equity:opening_balance EUR', 'expense:provider_fees EUR'];
    const begun = await balances();
    expect(of.map((account) => Number(begun[account]))).toEqual([450, 450]);
  });

  it('have a balance of each account that is what its entries come to, sealed or not, at any time', async () => {
    const orders = [];
    for (let n = 1; n <= 3; n++) orders.push((await buy(app, [{ ...lamp, quantity: n }])).answer.body);
    const [first] = orders;
    await post(500, `${eve}T23:30:00Z`);
    await post(700, `${m3}-10T12:00:00Z`);
    await app.settle();
    const everything = () => counted('true');
    expect(await balances()).toEqual(await everything());
    await app.run('billing.seal_ledger');
    expect(await balances()).toEqual(await everything());
    await app.post(
      `/v1/admin/payments/${first.payments[0].id}/refunds`,
      { amount: { amount: 333, currency: 'EUR' } },
      { token, key: key() },
    );
    await app.settle();
    expect(await balances()).toEqual(await everything());
    for (const at of [`${eve}T23:45:00Z`, `${m3}-05T00:00:00Z`, '2999-12-31T00:00:00Z'])
      expect([at, await balances(`?at=${at}`)]).toEqual([at, await counted('t.effective_at <= $1', [at])]);
    // Half past midnight at the seller: it is August there.
    for (const on of [eve, `${m3}-01`, `${m3}-09`, '2999-12-31'])
      expect([on, await balances(`?on=${on}`)]).toEqual([on, await counted('t.booked_on <= $1', [on])]);
    expect((await get('accounts?on=2026-02-30')).body.errors).toMatchObject([{ pointer: '/query/on' }]);

    const { body } = await get('accounts', reader);
    expect(body.items.every(({ type, meaning }: Body) => type !== null && meaning !== null)).toBe(true);
    expect(body.items.find(({ account }: Body) => account === CASH)).toMatchObject({
      ...{ type: 'asset', debit: { amount: 1200 }, credit: { amount: 0 } },
    });
    expect(body.chart.map(({ code }: Body) => code)).toContain('liab:tax:{jurisdiction}:{rate}');
  });

  it('give statements whose running balance holds over all pages, whatever is booked in the meantime', async () => {
    for (let day = 1; day <= 7; day++) await post(day * 100, `${m2}-0${day}T12:00:00Z`);
    const path = `accounts/${CASH}/statement?currency=EUR&from=${m2}-02&to=${m2}-28&limit=2`;
    const first = (await get(path, reader)).body;
    expect(first).toMatchObject({
      ...{ account: CASH, type: 'asset', opening: { amount: 1300 }, closing: { amount: 4000 } },
      items: [
        {
          bookedOn: `${m2}-02`,
          amount: { amount: 200 },
          balance: { amount: 1500 },
          kind: 'payment_captured',
        },
        { bookedOn: `${m2}-03`, amount: { amount: 300 }, balance: { amount: 1800 } },
      ],
    });
    // Before, on and behind the page that was read; sealed by somebody else's reading.
    for (const day of ['01', '03', '05']) await post(10_000, `${m2}-${day}T13:00:00Z`);
    await app.run('billing.seal_ledger');
    let [balance, cursor, lines] = [first.items.at(-1).balance.amount, first.nextCursor, 2];
    while (cursor) {
      const { body } = await get(`${path}&cursor=${cursor}`);
      expect([body.asOf, body.opening, body.closing]).toEqual([first.asOf, first.opening, first.closing]);
      for (const line of body.items) expect((balance += line.amount.amount)).toBe(line.balance.amount);
      [cursor, lines] = [body.nextCursor, lines + body.items.length];
    }
    expect([balance, lines]).toEqual([4000, 6]);

    const again = await pages(path);
    const all = again.flatMap(({ items }) => items);
    expect([again[0].opening.amount, again[0].closing.amount, all.length]).toEqual([11_300, 34_000, 8]);
    expect(all.at(-1).balance.amount).toBe(34_000);
    const csv = await get(`accounts/${CASH}/statement.csv?currency=EUR&from=${m2}-02&to=${m2}-28`);
    const rows = csv.text.trim().split('\r\n');
    expect(rows).toHaveLength(all.length + 3);
    expect([rows[1], rows.at(-1)]).toEqual([
      expect.stringMatching(new RegExp(`^assets:cash,${m2}-02,,opening,.*,EUR,,113[.]00$`)),
      expect.stringMatching(new RegExp(`^assets:cash,${m2}-28,,closing,.*,EUR,,340[.]00$`)),
    ]);
    expect(rows[2]).toMatch(/,EUR,2[.]00,115[.]00$/);

    // Every account, from its beginning to its end, is what it is in the trial balance.
    for (const [account, sum] of Object.entries(await balances())) {
      const [code = '', currency] = account.split(' ');
      const [page] = await pages(
        `accounts/${encodeURIComponent(code)}/statement?currency=${currency}&limit=100`,
      );
      expect([account, String(page.closing.amount), page.opening.amount]).toEqual([account, sum, 0]);
    }
    expect((await get('accounts/assets:gold/statement?currency=EUR')).body.code).toBe(
      'billing.account_not_found',
    );
    expect((await get('accounts/assets:gold/statement.csv?currency=EUR')).status).toBe(404);
    const turned = await get(`accounts/${CASH}/statement?currency=EUR&from=${m2}-02&to=${m2}-01`);
    expect(turned.body.errors).toMatchObject([{ pointer: '/query/to' }]);
    expect((await get(`accounts/${CASH}/statement?currency=USD&cursor=${first.nextCursor}`)).status).toBe(
      400,
    );
  });

  it('close month after month for good, and nothing gets into a closed one, whoever is quicker', async () => {
    expect((await close(m3, { token: reader })).status).toBe(403);
    for (const period of ['2026-13', '2026-1', 'october']) {
      const { status, body } = await close(period);
      expect([status, body.errors]).toEqual([
        400,
        [expect.objectContaining({ pointer: '/period', message: expect.stringContaining('2026-11') })],
      ]);
    }
    expect((await close(m2)).body).toMatchObject({
      ...{ code: 'billing.period_out_of_order', nextPeriod: m3 },
    });
    const bend = (by: number) =>
      app.database.transaction(async () => {
        await app.database.execute('ALTER TABLE billing.ledger_entries DISABLE TRIGGER USER');
        await app.database.execute(
          `UPDATE billing.ledger_entries SET amount = amount + $1 WHERE transaction_id IN
           (SELECT id FROM billing.ledger_transactions WHERE booked_on = $3) AND account = $2`,
          [by, CASH, `${m3}-10`],
        );
        await app.database.execute('ALTER TABLE billing.ledger_entries ENABLE TRIGGER USER');
      });
    await bend(1);
    expect((await close(m3)).body.code).toBe('billing.period_unbalanced');
    await bend(-1);
    const once = key();
    const asked = await Promise.all([close(m3), close(m3), close(m3, { key: once })]);
    const again = await close(m3, { key: once });
    expect([...asked, again].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([asked[2].text, 'true']);
    expect(new Set(asked.map(({ text }) => text)).size).toBe(1);
    const [closed] = asked;
    expect(closed?.body).toMatchObject({ period: m3, state: 'closed' });
    const trail = await app.get('/v1/admin/audit?action=billing.ledger_period.closed', { token });
    expect(trail.body.items).toMatchObject([{ subjectId: m3, details: { seal: closed?.body.seal } }]);

    const overdue = await post(900, `${m3}-15T12:00:00Z`);
    const older = await post(100, '2025-01-01T12:00:00Z');
    expect([await bookedOn(overdue), await bookedOn(older)]).toEqual([`${m2}-01`, `${m2}-01`]);
    const [moved] = (
      await get(`accounts/${CASH}/statement?currency=EUR&from=${m2}-01&to=${m2}-01`)
    ).body.items.filter(({ sourceId }: Body) => sourceId === overdue);
    expect(moved).toMatchObject({ bookedOn: `${m2}-01`, effectiveAt: `${m3}-15T12:00:00.000Z` });
    for (const at of [`${m3}-20T00:00:00Z`, `${m2}-02T00:00:00Z`])
      expect([at, await balances(`?at=${at}`)]).toEqual([at, await counted('t.effective_at <= $1', [at])]);

    // A posting that is under way: the closing waits for it, and it is part of the month.
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    let posted: (id: string) => void = () => undefined;
    const underWay = new Promise<string>((resolve) => (posted = resolve));
    const slow = app.database.transaction(async () => {
      posted(await post(50, `${m2}-20T12:00:00Z`));
      await held;
    });
    const slowId = await underWay;
    const closing = close(m2);
    const waiting = () =>
      app.database.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7204112 AND NOT granted`,
      );
    while ((await waiting()).length === 0);
    finish();
    await slow;
    const september = await closing;
    expect(september.body).toMatchObject({ period: m2, state: 'closed' });
    expect(await bookedOn(slowId)).toBe(`${m2}-20`);
    closedSeal = september.body.seal;
    await intact();

    // And one that waits while the month is closed: it sees what was done in the meantime.
    await post(1, `${m1}-02T12:00:00Z`);
    const elsewhere = AsyncResource.bind(() => post(60, `${m1}-20T12:00:00Z`));
    const months = app.app.get(PeriodRepository);
    let late: Promise<string> | undefined;
    await app.database.transaction(async () => {
      await months.stopBooking();
      late = elsewhere();
      while ((await waiting()).length === 0);
      await app.app.get(LedgerChain).seal();
      const head = await app.app.get(LedgerChain).head();
      await months.close(m1, new Date(), null, head?.position ?? 0, head?.hash ?? '');
    });
    expect(await bookedOn((await late) ?? '')).toBe(`${m0}-01`);
    await intact();

    // Many at once.
    expect((await close(m0)).body.code).toBe('billing.period_not_over');
    app.clock.advance({ days: 45 });
    const crowd = Array.from({ length: 40 }, (_, n) => post(n + 1, `${m0}-25T12:00:00Z`));
    const closings = [close(m0), close(m0)];
    const days = await Promise.all((await Promise.all(crowd)).map((id) => bookedOn(id)));
    const next = Temporal.PlainYearMonth.from(m0).add({ months: 1 }).toString();
    for (const day of days) expect([`${m0}-25`, `${next}-01`]).toContain(day);
    const [one, two] = await Promise.all(closings);
    expect([one?.status, one?.text]).toEqual([200, two?.text]);
    await intact();
    const { body } = await get('periods?limit=2');
    const rest = (await get(`periods?limit=100&cursor=${body.nextCursor}`)).body.items;
    const open = days.includes(`${next}-01`) ? [`${next} open`] : [];
    expect([...body.items, ...rest].map(({ period, state }: Body) => `${period} ${state}`)).toEqual([
      ...open,
      ...[m0, m1, m2, m3].map((month) => `${month} closed`),
    ]);
  });

  it('are chained, and show a change at any place, in the store and in an export', async () => {
    await app.run('billing.ledger_checkpoint');
    await app.run('billing.ledger_checkpoint');
    const chain = app.app.get(LedgerChain);
    const whole = (await get('integrity', reader)).body;
    const [count] = await app.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM billing.ledger_transactions',
    );
    expect(whole).toMatchObject({
      ...{ isWhole: true, transactions: count?.n, brokenAt: null, checkpoints: 1 },
      ...{ unsealed: 0, strangers: 0, differingDays: 0, unbalanced: 0 },
    });
    const [listed] = (await get('transactions?limit=1')).body.items;
    expect(listed.seal).toMatch(/^[0-9a-f]{64}$/);

    const file = await get('export', reader);
    const lines = file.text.trim().split('\n');
    const verify = (changed: readonly string[], kept?: string) => verifyLines(Readable.from(changed), kept);
    expect(await verify(lines, closedSeal)).toMatchObject({
      isWhole: true,
      head: whole.head,
      holdsKept: true,
      checkpoints: 1,
    });
    const taken = lines.findIndex((line) => line.includes('"amount":"500"'));
    const changed = lines.map((line, at) => (at === taken ? line.replaceAll('500"', '501"') : line));
    expect(await verify(changed)).toMatchObject({ isWhole: false, brokenAt: taken + 1 });

    // From a shell, with a file and without a store; then with the store.
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-ledger-'));
    const shell = (args: string[], env: object = {}) =>
      spawnSync('node', ['dist/src/billing/ledger/verify-ledger.js', ...args], {
        env: { ...process.env, DATABASE_URL: '', ...env },
        encoding: 'utf8',
      });
    const write = (name: string, text: readonly string[]) => {
      writeFileSync(join(folder, name), `${text.join('\n')}\n`);
      return join(folder, name);
    };
    const good = shell([write('good.jsonl', lines), '--head', closedSeal]);
    expect([good.stderr, good.status, good.stdout]).toEqual([
      '',
      0,
      expect.stringContaining('The ledger is whole'),
    ]);
    const bad = shell([write('bad.jsonl', changed)]);
    expect([bad.status, bad.stdout]).toEqual([1, expect.stringContaining(`place ${taken + 1} does not fit`)]);

    // Each place is bent in a transaction of its own, looked at, and left as it was.
    const bent = (sql: string) =>
      app.database.rehearse(async () => {
        for (const table of ['transactions', 'entries', 'seals', 'checkpoints'])
          await app.database.execute(`ALTER TABLE billing.ledger_${table} DISABLE TRIGGER USER`);
        await app.database.execute(sql);
        return chain.verify();
      });
    const nth = (n: number) => `(SELECT transaction_id FROM billing.ledger_seals WHERE position = ${n})`;
    const last = whole.transactions as number;
    for (const n of [1, 2, Math.ceil(last / 2), last - 1, last]) {
      const entry = `UPDATE billing.ledger_entries SET`;
      const transaction = `UPDATE billing.ledger_transactions SET`;
      const changes = [
        `${entry} amount = amount * 2 WHERE transaction_id = ${nth(n)}`,
        `${entry} account = account || '0' WHERE position = 1 AND transaction_id = ${nth(n)}`,
        `${entry} currency = 'USD' WHERE transaction_id = ${nth(n)}`,
        `${transaction} effective_at = effective_at + interval '1 microsecond' WHERE id = ${nth(n)}`,
        `${transaction} booked_on = booked_on - 1 WHERE id = ${nth(n)}`,
        `${transaction} order_id = gen_random_uuid() WHERE id = ${nth(n)}`,
        `WITH gone AS (DELETE FROM billing.ledger_entries WHERE transaction_id = ${nth(n)})
         DELETE FROM billing.ledger_transactions WHERE id = ${nth(n)}`,
        `UPDATE billing.ledger_seals SET hash = sha256(hash) WHERE position = ${n}`,
      ];
      for (const change of changes)
        expect([change, await bent(change)]).toMatchObject([change, { isWhole: false, brokenAt: n }]);
    }
    const stranger = `INSERT INTO billing.ledger_transactions (id, kind, source_type, source_id, effective_at, booked_on)
      VALUES (gen_random_uuid(), 'payment_captured', 'receipt', gen_random_uuid(), now(), now())`;
    expect(await bent(stranger)).toMatchObject({ isWhole: false, strangers: 1 });
    expect(await bent('UPDATE billing.ledger_days SET debit = debit + 1')).toMatchObject({ isWhole: false });
    // Whoever cuts off the end of the chain, or hashes it anew, meets the checkpoint.
    const cut = `WITH cut AS (DELETE FROM billing.ledger_seals WHERE position = ${last} RETURNING transaction_id),
      entries AS (DELETE FROM billing.ledger_entries WHERE transaction_id IN (SELECT transaction_id FROM cut))
      DELETE FROM billing.ledger_transactions WHERE id IN (SELECT transaction_id FROM cut)`;
    const [{ brokenCheckpoint: day }] = [await bent(cut)];
    expect(day).not.toBeNull();
    const forged = `UPDATE billing.ledger_checkpoints SET position = 1, hash = (SELECT hash FROM billing.ledger_seals WHERE position = 1)`;
    expect(await bent(forged)).toMatchObject({ isWhole: false, brokenAt: null, brokenCheckpoint: day });

    await expect(app.database.execute('DELETE FROM billing.ledger_seals')).rejects.toThrow('append-only');
    await expect(app.database.execute('DELETE FROM billing.ledger_periods')).rejects.toThrow('append-only');
    expect((await get('integrity')).body).toEqual(whole);
  });

  it('say of all money that is neither here nor there how old it is, and what settles it', async () => {
    const limbo = async (query = ''): Promise<Body[]> =>
      (await app.get(`/v1/admin/payments/limbo?limit=100${query}`, { token: reader })).body.items;
    expect(await limbo()).toEqual([]);
    const gateway = app.app.get(PaymentGateway);
    await gateway.moveClock(app.clock.now());
    const paid = async (card: string) => (await buy(app, [lamp], { token: card })).answer.body;
    const unheard = await paid('timeout_before:10');
    const [more, other] = [await paid('amount_mismatch'), await paid('currency_switch')];
    const back = (await paid('refund_pending:9d')).payments[0].id;
    const refunds = `/v1/admin/payments/${back}/refunds`;
    await app.post(refunds, { full: true }, { token, key: key() });
    const disputed = await paid('dispute');
    const once = {
      source: { token: 'ok' },
      capture: 'automatic',
      offSession: false,
      challenge: 'auto',
    } as const;
    const stranger = { amount: Money.of(777, 'EUR'), save: null, returnUrl: null, operationId: key() };
    await gateway.authorize({ ...once, ...stranger });
    await app.settle();
    const accept = `/v1/admin/payments/${more.payments[0].id}/review`;
    expect((await app.post(accept, { decision: 'accept' }, { token, key: key() })).status).toBe(200);

    app.clock.advance({ days: 3, hours: 1 });
    await gateway.moveClock(app.clock.now());
    await app.run('billing.catch_up');
    await app.settle();
    for (let look = 0; look < 4; look++) {
      app.clock.advance({ minutes: 11 });
      await app.run('billing.retry_notices');
    }
    const all = await limbo();
    const kinds = (of: Body[]) => of.map(({ kind }: Body) => kind).sort();
    expect(kinds(all)).toEqual(['dispute', 'notice', 'operation', 'refund', 'review', 'unapplied']);
    const the = (kind: string) => all.find((one: Body) => one.kind === kind);
    const days = 3 * 86_400;
    expect(the('operation')).toMatchObject({
      ...{
        orderId: unheard.id,
        amount: { amount: unheard.totals.total.amount },
        reason: 'authorize unknown',
      },
      nextCheckAt: expect.any(String),
    });
    expect(the('review')).toMatchObject({
      orderId: other.id,
      reason: 'currency_mismatch',
      nextCheckAt: null,
    });
    expect(the('refund')).toMatchObject({
      paymentId: back,
      reason: 'pending',
      nextCheckAt: expect.any(String),
    });
    expect(the('dispute')).toMatchObject({ orderId: disputed.id });
    expect(the('notice')).toMatchObject({
      amount: null,
      reason: expect.stringContaining('orphan'),
      gateway: 'test',
    });
    // One cent more than was owed was accepted, and no invoice has taken it.
    expect(the('unapplied')).toMatchObject({ orderId: more.id, amount: { amount: 1, currency: 'EUR' } });
    for (const { kind, ageSeconds } of all)
      if (kind !== 'dispute' && kind !== 'notice') expect(ageSeconds).toBeGreaterThan(days);
    expect((await app.get('/v1/admin/payments/limbo', { token: undefined as never })).status).toBe(401);

    // Page by page the same, each kind alone, and every one of them is settled by what it names.
    let [cursor, seen] = ['', [] as Body[]];
    do {
      const page = await app.get(`/v1/admin/payments/limbo?limit=2${cursor}`, { token: reader });
      seen = [...seen, ...page.body.items];
      cursor = page.body.nextCursor === null ? '' : `&cursor=${page.body.nextCursor}`;
    } while (cursor !== '');
    expect(seen.map(({ id }) => id)).toEqual(all.map(({ id }: Body) => id));
    expect(kinds(await limbo('&kind=refund'))).toEqual(['refund']);
    const settled = async (kind: string, body?: object) => {
      const { method, path } = the(kind).resolution;
      const answer = await app.send(method, path, body, { token, ...(method === 'POST' && { key: key() }) });
      expect([kind, answer.status, answer.text]).toEqual([
        kind,
        expect.any(Number),
        expect.not.stringContaining('/problems/'),
      ]);
    };
    await settled('review', { decision: 'reject' });
    await settled('unapplied', {
      amount: { amount: 1, currency: 'EUR' },
      creditNote: 'none',
      creditNoteReason: 'Too much',
    });
    await settled('operation');
    await settled('dispute');
    const dismissal = the('notice').resolution.path.replace('/retry', '/dismissal');
    await app.post(dismissal, { reason: 'A charge of another shop' }, { token, key: key() });
    await app.settle();
    app.clock.advance({ days: 7 });
    await gateway.moveClock(app.clock.now());
    for (const job of ['billing.catch_up', 'billing.repair']) await app.run(job);
    await app.settle();
    expect(kinds(await limbo())).toEqual(['dispute']);
  });

  it('are held against the account at the gateway: fees and payouts are booked once, the rest is a case', async () => {
    const gateway = app.app.get(PaymentGateway);
    const begin = new Date(Date.now() - 86_400_000).toISOString();
    const paid = async (card = 'ok'): Promise<{ paymentId: string; operationId: string }> => {
      const { id } = (await buy(app, [lamp], { token: card })).answer.body.payments[0];
      const { operations } = (await app.get(`/v1/admin/payments/${id}`, { token })).body;
      return { paymentId: id, operationId: operations[0].id };
    };
    const [hidden, doubled, wrong, refunded] = [await paid(), await paid(), await paid(), await paid()];
    const refunds = `/v1/admin/payments/${refunded.paymentId}/refunds`;
    await app.post(refunds, { amount: { amount: 333, currency: 'EUR' } }, { token, key: key() });
    await app.settle();
    const add = [{ ...line, id: 'txn_monthly', at: app.clock.now().toISOString() }];
    const lie = { hide: [hidden.operationId], double: [doubled.operationId], wrong: [wrong.operationId] };
    await knobs({ settlement: { ...lie, add } });
    app.clock.advance({ days: 2 });
    await gateway.moveClock(app.clock.now());

    expect((await start({}, reader)).status).toBe(403);
    expect((await start({ from: '2020-01-01T00:00:00Z' })).body.errors).toMatchObject([{ pointer: '/from' }]);
    const later = { to: new Date(app.clock.now().getTime() + 60_000).toISOString() };
    expect(await start(later)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/to' }] } });
    const work = () => Promise.all([app.run('billing.reconcile'), app.run('billing.reconcile')]);
    const run = async (): Promise<Body> => {
      const body = { from: begin, to: app.clock.now().toISOString() };
      const [one, two] = await Promise.all([start(body), start(body)]);
      expect([one.status, two.status]).toEqual([202, 202]);
      await work();
      const done = (await app.get(`/v1/admin/reconciliation/runs/${one.body.id}`, { token: reader })).body;
      expect(done).toMatchObject({ state: 'finished', lastError: null });
      return done;
    };
    const cases = async (query = '&state=open'): Promise<Body[]> =>
      (await app.get(`/v1/admin/reconciliation/cases?limit=100${query}`, { token: reader })).body.items;
    const told = async () =>
      app.database.query<{
        status: string;
        kind: string;
        currency: string;
        amount: number;
        fee: number;
        booked: number;
      }>('SELECT status, kind, currency, amount::int, fee::int, booked::int FROM billing.settlement_lines');
    const booked = async (account: string) => Number((await balances())[`${account} EUR`] ?? 0);
    const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0);
    /** The books of the gateway's account are what it tells, but for what the open cases say. */
    const explained = async (): Promise<void> => {
      const lines = (await told()).filter(({ currency }) => currency === 'EUR');
      const open = (await cases()).filter(({ subjectType }) => subjectType !== 'payout');
      const apart = open.map(({ kind, expected, found }) =>
        kind === 'duplicate' ? found.amount : (found?.amount ?? 0) - (expected?.amount ?? 0),
      );
      const clearing = await booked('assets:provider:test:clearing');
      expect(clearing).toBe(sum(lines.map(({ amount, fee }) => amount - fee)) - sum(apart));
      const payouts = lines.filter(({ kind }) => kind === 'payout').map(({ booked: units }) => units);
      expect([payouts.length > 0, await booked('assets:bank')]).toEqual([true, sum(payouts)]);
      const fees = lines.map(({ kind, amount, fee }) => (kind === 'fee' ? -amount : fee));
      const before = await booked('equity:opening_balance');
      expect((await booked('expense:provider_fees')) + before).toBe(sum(fees));
    };

    const first = await run();
    expect((await cases()).map(({ kind }) => kind).sort()).toEqual([
      ...['amount_diff', 'duplicate', 'missing_here', 'missing_there'],
    ]);
    const found = async (kind: string) => (await cases('')).find((one) => one.kind === kind);
    expect(await found('missing_here')).toMatchObject({
      expected: null,
      found: { amount: 777 },
      subjectType: 'line',
    });
    expect(await found('missing_there')).toMatchObject({ paymentId: hidden.paymentId, found: null });
    expect(await found('amount_diff')).toMatchObject({ paymentId: wrong.paymentId, subjectType: 'line' });
    const { expected, found: said } = await found('amount_diff');
    expect(said.amount - expected.amount).toBe(1);
    expect(first.counts).toMatchObject({ missing_here: 1, amount_diff: 1, duplicate: 1, openCases: 4 });
    await explained();
    const inLimbo = (await app.get('/v1/admin/payments/limbo?kind=case', { token: reader })).body.items;
    expect(inLimbo.map(({ reason }: Body) => reason).sort()).toEqual([
      'amount_diff',
      'duplicate',
      'missing_here',
      'missing_there',
    ]);

    // Again, by two at once, and by a worker that takes over from one that died: nothing is booked twice.
    const [before, open] = [await counted('true'), await cases()];
    await run();
    await app.database.execute(
      `UPDATE billing.reconciliation_runs SET state = 'running', finished_at = NULL, lease_until = now() - interval '1 second'`,
    );
    await work();
    expect([await counted('true'), await cases()]).toEqual([before, open]);
    // While the gateway is away a run waits, and says why.
    await knobs({ outage: true });
    const { id } = (await start({})).body;
    await work();
    const waiting = (await app.get(`/v1/admin/reconciliation/runs/${id}`, { token })).body;
    expect(waiting).toMatchObject({ state: 'waiting', attempts: 1, lastError: expect.any(String) });

    // The gateway puts right what it can; the rest is decided by a person, once.
    await knobs({ settlement: { add } });
    await app.database.execute('UPDATE billing.reconciliation_runs SET lease_until = NULL');
    await run();
    // What it has told before is not forgotten: not the line that it told twice, and not the payout that was another.
    const left = (await cases()).map(({ kind, subjectType }) => `${kind} of a ${subjectType}`).sort();
    expect(left).toEqual([
      ...[
        'amount_diff of a line',
        'amount_diff of a payout',
        'duplicate of a line',
        'missing_here of a line',
      ],
    ]);
    expect(
      (await cases('&kind=amount_diff')).map(({ paymentId, state }) => [paymentId, state]).sort(),
    ).toEqual([
      ...[
        [null, 'open'],
        [null, 'open'],
        [wrong.paymentId, 'resolved'],
      ].sort(),
    ]);
    expect(await found('missing_there')).toMatchObject({ state: 'resolved', resolution: 'settled' });
    await explained();
    const stranger = await found('missing_here');
    const path = `/v1/admin/reconciliation/cases/${stranger.id}`;
    const decision = { resolution: 'accepted', reason: 'A charge of another shop' };
    const resolve = (version: number, by = token) =>
      app.post(`${path}/resolution`, decision, { token: by, headers: { 'if-match': `"${version}"` } });
    expect((await resolve(stranger.version, reader)).status).toBe(403);
    expect((await resolve(stranger.version + 1)).status).toBe(412);
    const both = await Promise.all([resolve(stranger.version), resolve(stranger.version)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, expect.any(Number)]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await resolve(stranger.version + 1)).body.code).toBe('billing.case_resolved');
    await run();
    expect((await app.get(path, { token: reader })).body).toMatchObject({ state: 'resolved', ...decision });
    const trail = await app.get('/v1/admin/audit?action=billing.reconciliation_case.resolved', { token });
    expect(trail.body.items).toMatchObject([{ subjectId: stranger.id }]);
    const listed = await app.get('/v1/admin/reconciliation/lines?status=duplicate', { token: reader });
    expect(listed.body.items).toMatchObject([{ operationId: doubled.operationId, kind: 'charge' }]);

    // Every night by itself, from where it was.
    const nightly = async () =>
      (await app.get('/v1/admin/reconciliation/runs?limit=100', { token })).body.items.filter(
        ({ requestedBy }: Body) => requestedBy === null,
      );
    const hour = app.clock.now().getUTCHours();
    app.clock.advance({ hours: (26 - hour) % 24 });
    for (let n = 0; n < 2; n++) await app.run('billing.plan_reconciliation');
    expect(await nightly()).toHaveLength(1);
    app.clock.advance({ days: 1 });
    await app.run('billing.plan_reconciliation');
    expect(await nightly()).toHaveLength(2);

    // What the account began with is told otherwise later: a case, and no payout of today.
    await work();
    const [begun] = await app.database.query<{ at: Date }>(
      `SELECT min(effective_at) - interval '1 hour' AS at FROM billing.ledger_transactions`,
    );
    const payout = { ...line, id: 'txn_of_before', kind: 'payout', ref: 'po_of_before', payoutRef: null };
    const tell = async (amount: bigint): Promise<void> => {
      const of = { ...payout, amount, fee: 0n, at: begun?.at ?? new Date() };
      const telling = jest.spyOn(gateway, 'settlementLines').mockImplementation(async function* () {
        yield await Promise.resolve(of as never);
      });
      await run();
      telling.mockRestore();
    };
    const opened = await booked('equity:opening_balance');
    const [bank, clearing] = [await booked('assets:bank'), await booked('assets:provider:test:clearing')];
    for (const amount of [-100n, -100n, -150n]) await tell(amount);
    expect((await booked('equity:opening_balance')) - opened).toBe(100);
    expect((await booked('assets:provider:test:clearing')) - clearing).toBe(-100);
    expect(await booked('assets:bank')).toBe(bank);
    expect(await cases()).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'amount_diff', subjectType: 'line' },
        ...{ expected: { amount: -100, currency: 'EUR' }, found: { amount: -150, currency: 'EUR' } },
      }),
    );
  });

  it('go to the accountant as entries and as a booking batch, numbered as she numbers them', async () => {
    const span = `from=2000-01-01&to=2999-12-31`;
    const file = await get(`transactions.csv?${span}&currency=EUR&timeZone=America/New_York`, reader);
    const [head = '', ...rows] = file.text.trim().split('\r\n');
    const columns = head.split(',');
    const of = (row: string, name: string) => row.split(',')[columns.indexOf(name)] ?? '';
    const cents = (text: string) => Math.round(Number(text || 0) * 100);
    const sums: Record<string, number> = {};
    for (const row of rows) {
      const account = `${of(row, 'account')} EUR`;
      sums[account] = (sums[account] ?? 0) + cents(of(row, 'debit')) - cents(of(row, 'credit'));
    }
    const inEuro = Object.entries(await balances()).filter(([account]) => account.endsWith(' EUR'));
    expect(sums).toEqual(Object.fromEntries(inEuro.map(([account, sum]) => [account, Number(sum)])));
    const early = rows.find((row) => of(row, 'account') === CASH);
    expect([of(early ?? '', 'effectiveAt'), of(early ?? '', 'bookedOn')]).toEqual([
      expect.stringMatching(new RegExp(`^${eve}T1[89]:30:00[.]000-0[45]:00$`)),
      `${m3}-01`,
    ]);
    expect((await get(`transactions.csv?${span}&timeZone=Mars/Base`)).body.errors).toMatchObject([
      { pointer: '/query/timeZone' },
    ]);
    expect((await get('transactions.csv?from=2026-02-02&to=2026-02-01')).status).toBe(400);

    // Nothing is sent before every account has a number.
    const batch = (period: string) => get(`exports/datev?period=${period}&currency=EUR`, reader);
    const refused = await batch(m3);
    expect([refused.status, refused.body.accounts]).toEqual([422, [CASH, 'liab:unapplied']]);
    expect((await batch('2026-13')).status).toBe(400);
    const basis = {
      consultantNumber: 29098,
      clientNumber: 55003,
      fiscalYearMonth: 1,
      accountLength: 4,
      chart: '03',
    };
    const put = (accounts: object[], by = token, version = 0) =>
      app.put(
        '/v1/admin/ledger/account-mapping',
        { ...basis, accounts },
        { token: by, headers: { 'if-match': `"${version}"` } },
      );
    const wrong = [
      { account: 'assets:gold', number: '1000' },
      { account: CASH, number: '1000' },
      { account: CASH, number: '1000000' },
    ];
    expect((await put(wrong)).body.errors.map(({ pointer }: Body) => pointer)).toEqual([
      ...['/accounts/0/account', '/accounts/2/account', '/accounts/2/number'],
    ]);
    expect((await put([], reader)).status).toBe(403);
    const kinds = (await get('accounts')).body.chart.map(({ code }: Body, at: number) => ({
      ...{ account: code, number: String(1000 + at) },
      ...(code === 'liab:unapplied' && { taxKey: '40' }),
    }));
    const own = { account: 'liab:tax:DE:19', number: '1776' };
    expect((await put([...kinds, own])).body).toMatchObject({ version: 1, clientNumber: 55003 });
    expect((await put([], token, 0)).status).toBe(412);

    const numberOf = (account: string) =>
      [own, ...kinds].find((each) => each.account === account)?.number ??
      kinds.find((each: Body) => new RegExp(`^${each.account.replace(/\{\w+\}/g, '[^:]+')}$`).test(account))
        ?.number;
    const months = (await get('periods?limit=100')).body.items as { period: string; state: string }[];
    const moved: Record<string, number> = {};
    for (const { period, state } of months) {
      const [header = '', titles = '', ...lines] = (await batch(period)).text
        .replace(/^\uFEFF/, '')
        .trim()
        .split('\r\n');
      const first = `${period}-01`.replaceAll('-', '');
      expect(header).toMatch(
        new RegExp(
          `^"EXTF";700;21;"Buchungsstapel";13;\\d{17};.*;29098;55003;${first.slice(0, 4)}0101;4;${first};`,
        ),
      );
      expect(titles.split(';')).toHaveLength(125);
      for (const line of lines) {
        const cells = line.split(';');
        const [amount = '', side, , , , , debit = '', credit = '', taxKey, day] = cells;
        expect([cells.length, side, cells[113]]).toEqual([125, '"S"', state === 'closed' ? '1' : '0']);
        expect([amount, day]).toEqual([
          expect.stringMatching(/^\d+,\d\d$/),
          expect.stringMatching(/^\d{4}$/),
        ]);
        if (credit === numberOf('liab:unapplied')) expect(taxKey).toBe('"40"');
        moved[debit] = (moved[debit] ?? 0) + cents(amount.replace(',', '.'));
        moved[credit] = (moved[credit] ?? 0) - cents(amount.replace(',', '.'));
      }
    }
    const expected: Record<string, number> = {};
    for (const [account, sum] of inEuro) {
      const code = account.split(' ')[0] ?? '';
      if (code.startsWith('memo:')) continue;
      const number = numberOf(code) ?? code;
      expected[number] = (expected[number] ?? 0) + Number(sum);
    }
    const nonZero = (of: Record<string, number>) =>
      Object.fromEntries(Object.entries(of).filter(([, sum]) => sum !== 0));
    expect(nonZero(moved)).toEqual(nonZero(expected));
    const trail = await app.get('/v1/admin/audit?action=billing.account_mapping.updated', { token });
    expect(trail.body.items).toHaveLength(1);
  });
});
