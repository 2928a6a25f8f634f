import { exponentOf } from '../src/platform/money/currencies.js';
import { readArguments } from '../src/platform/start/arguments.js';
import { failStart, orEnd } from '../src/platform/start/failure.js';
import { Mailbox } from './mailbox.js';
import { Sandbox } from './sandbox.js';
import { demand } from './steps.js';
import { YearTable } from './year-table.js';

/*
 * `npm run year`: a year of a subscription in some minutes, over HTTP, by the clock of a sandbox that it starts for itself. The
 * card fails in the fourth month and the money comes in the fifth. It ends with 1 when a figure is not what it should be.
 */
const USAGE = `npm run year

Starts an empty store in a folder of its own, subscribes a customer and moves its clock a year
ahead: each month an invoice, a charge and a letter. The card fails in month 4; the money comes in
month 5. Shows the documents, the letters and the ledger, and ends with 1 when a figure is wrong.

  --help      show this`;

orEnd(() => readArguments(USAGE, {}));

const CURRENCY = 'EUR';
const GROSS = 1900;
/** 19.00 EUR with 19 % inside. */
const VAT = 303;
const MONTHS = 12;
/** Its invoice is the one that is not paid at once. */
const FAILING_MONTH = 4;
/** Days after that on which it is looked every day. */
const WATCHED_DAYS = 12;
const customer = { email: 'ada@example.com', password: 'four random words are good' };
const address = {
  ...{ firstName: 'Ada', lastName: 'Byron', line1: 'Unter den Linden 1' },
  ...{ city: 'Berlin', postalCode: '10117', country: 'DE' },
};

const store = await Sandbox.open().catch((error: unknown) => {
  failStart(error);
  process.exit();
});
// The store is a process of its own: it goes before this one does.
const { steps } = store;
steps.beforeEnd = () => store.close();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void store.close().finally(() => process.exit(1)));
const mailbox = new Mailbox(store.letters, customer.email);
const table = new YearTable(store, mailbox);

await steps.step('seller', async () => {
  await store.signIn();
  const place = { line1: 'Gildenweg 1', city: 'Lübeck', postalCode: '23552', country: 'DE' };
  const { missing } = await steps.call('PUT', '/v1/admin/seller-profile', [200], {
    ...{ name: 'Guildhall Trading GmbH', vatId: 'DE136695976', address: place, email: 'shop@example.com' },
  });
  demand(missing.length === 0, `missing: ${missing.join(', ')}`);
  return 'invoices can be written';
});
let planId: string;
await steps.step('plan', async () => {
  const tax = { countries: ['DE'], category: 'S', ratePpm: 190_000, title: 'VAT 19 %' };
  const plan = await steps.call('POST', '/v1/admin/plans', [201], {
    ...{ code: 'pro', title: 'Pro' },
    terms: {
      ...{ interval: { unit: 'month', count: 1 }, pricesIncludeTax: true },
      ...{ prices: [{ amount: { amount: GROSS, currency: CURRENCY } }], taxes: [tax] },
    },
  });
  planId = plan.id;
  return `${money(GROSS)} each month, VAT included`;
});
await steps.step('start of the year', async () => {
  // Late in a month, so that the retries of what fails in one come to the next.
  const now = new Date((await store.get('/v1/admin/test-clock')).now);
  const month = now.getUTCDate() < 25 ? now.getUTCMonth() : now.getUTCMonth() + 1;
  const to = new Date(Date.UTC(now.getUTCFullYear(), month, 25, 10)).toISOString();
  return `${to}, ${await store.moveTo(to)} stops`;
});
await steps.step('register', async () => {
  await steps.call('POST', '/v1/auth/register', [202], customer);
  const found = await mailbox.letter(/token=([\w.~-]{16,})/, 10_000);
  await steps.call('POST', '/v1/auth/email/verify', [204], { token: found?.[1] });
  return customer.email;
});
await steps.step('subscribe', async () => {
  await store.signIn(customer);
  await keepCard('ok');
  const wish = { planId, currency: CURRENCY, billingAddress: address };
  const { id, state, anchorDate } = await steps.call('POST', '/v1/me/subscriptions', [201], wish);
  demand(state === 'active', state);
  await store.signIn();
  await table.begin(id);
  return `from ${anchorDate} on`;
});

console.log();
table.head();
await steps.step('the year', async () => {
  const { anchorDate } = table;
  let stops = 0;
  const goOn = async (month: number, months: number, days = 0) => {
    await store.signIn();
    stops += await store.moveTo(noonOf(anchorDate, months, days));
    await table.row(month);
  };
  demand(
    (await mailbox.letter(/^Subject: Your invoice/m, 10_000)) !== null,
    'no letter with the first invoice',
  );
  await table.row(1);
  for (let month = 2; month <= MONTHS; month++) {
    if (month === FAILING_MONTH) {
      await store.signIn(customer);
      await keepCard('recover_after:3');
    }
    await goOn(month, month - 1);
    const days = month === FAILING_MONTH ? WATCHED_DAYS : 0;
    for (let day = 1; day <= days; day++) await goOn(month, month - 1, day);
  }
  // The last day of it: all that was paid for is had.
  await goOn(MONTHS, MONTHS, -1);
  return `${stops} stops of the clock`;
});

console.log();
await steps.step('documents', async () => {
  const invoices = table.invoices();
  demand(invoices.length === MONTHS, `${invoices.length} invoices`);
  demand(
    invoices.every(({ state, total }) => state === 'paid' && total.amount === GROSS),
    'not all of them are paid',
  );
  const register = await store.all('/v1/admin/invoice-register?');
  const numbers = register.map(({ number }) => number).join(', ');
  demand(register.length === MONTHS && isUnbroken(register), `numbers ${numbers}`);
  return `${MONTHS} invoices, each paid once; no number is missing`;
});
await steps.step('failing card', async () => {
  const attempts = await table.attemptsOf(FAILING_MONTH - 1);
  const outcomes = attempts.map(({ outcome }) => outcome).join(', ');
  demand(outcomes === 'declined, declined, declined, paid', outcomes);
  const [failed = '', paid = ''] = [attempts[0], attempts.at(-1)].map((each) => each?.at.slice(0, 10));
  demand(monthsBetween(failed, paid) === 1, `failed on ${failed}, paid on ${paid}`);
  const told = table.entitlements().join(', ');
  demand(told === 'full, grace, full', `what may be used: ${told}`);
  return `declined three times from ${failed} on, paid on ${paid}; what may be used: ${told}`;
});
await steps.step('letters', async () => {
  const subjects = mailbox.subjects();
  const count = (pattern: RegExp) => subjects.filter((subject) => pattern.test(subject)).length;
  const [invoices, failed, announced] = [
    count(/^Your invoice/),
    count(/did not go through/),
    count(/^We are about to collect/),
  ];
  const told = `${invoices} with an invoice, ${failed} of a failed payment, ${announced} before another attempt`;
  demand(invoices === MONTHS && failed === 1 && announced === 2, told);
  return told;
});
await steps.step('ledger', async () => {
  const { items, totals } = await store.get('/v1/admin/ledger/accounts');
  demand(
    totals.every(({ amount }: { amount: number }) => amount === 0),
    'the books do not balance',
  );
  const sum = (pattern: RegExp): number =>
    items
      .filter(({ account }: { account: string }) => pattern.test(account))
      .reduce((total: number, { balance }: { balance: { amount: number } }) => total + balance.amount, 0);
  for (const { account, balance } of items)
    if (balance.amount !== 0) console.log(`  ${account.padEnd(40)} ${money(balance.amount).padStart(12)}`);
  // What is earned day by day waits as deferred until then: together they are what was sold.
  const sold = -sum(/^(income:subscription|liab:deferred_revenue)/);
  demand(sold === MONTHS * (GROSS - VAT), `sold for ${money(sold)}`);
  demand(-sum(/^liab:tax/) === MONTHS * VAT, 'the tax is not what the invoices say');
  demand(sum(/^assets:ar/) === 0, 'somebody still owes something');
  demand(sum(/^(assets:provider|assets:bank|expense:provider_fees)/) === MONTHS * GROSS, 'money is missing');
  const { items: found } = await store.get('/v1/admin/integrity');
  demand(found.length === 0, `the nightly check has found ${JSON.stringify(found)}`);
  return `it balances; sold for ${money(sold)}, tax ${money(MONTHS * VAT)}, nothing is owed`;
});
console.log(`\nA year in ${steps.seconds} s.`);
await store.close();
process.exit(0);

async function keepCard(token: string): Promise<void> {
  await steps.call('POST', '/v1/me/payment-methods', [201], { gateway: 'test', token, makeDefault: true });
}

function money(amount: number): string {
  const digits = exponentOf(CURRENCY);
  return `${(amount / 10 ** digits).toFixed(digits)} ${CURRENCY}`;
}

function noonOf(date: string, months: number, days = 0): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + months, day + days, 12)).toISOString();
}

function monthsBetween(from: string, to: string): number {
  const count = (date: string) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
  return count(to) - count(from);
}

/** Each year has a series of its own, which begins with 1. */
function isUnbroken(register: { series: string; sequence: number }[]): boolean {
  const last = new Map<string, number>();
  return register
    .toSorted((a, b) => a.sequence - b.sequence)
    .every(({ series, sequence }) => {
      const next = (last.get(series) ?? 0) + 1;
      last.set(series, sequence);
      return sequence === next;
    });
}
