import type { Mailbox } from './mailbox.js';
import type { Sandbox } from './sandbox.js';

interface Amount {
  amount: number;
  currency: string;
}

export interface ShownInvoice {
  id: string;
  number: string;
  state: string;
  total: Amount;
}

export interface Attempt {
  id: string;
  at: string;
  outcome: string | null;
  code: string | null;
}

interface Posting {
  entries: { account: string; amount: Amount }[];
}

const WIDTHS = [10, 5, 15, 17, 28, 6, 8];
const HEADS = ['day', 'month', 'subscription', 'invoice', 'charge', 'owed', 'received', 'letter'];

/** What each stop of the clock has brought: a line when it is anything. */
export class YearTable {
  anchorDate = '';
  private id = '';
  private readonly known = new Set<string>();
  private readonly told: string[] = [];
  private letters = 0;
  private last = '';
  private all: ShownInvoice[] = [];

  constructor(
    private readonly store: Sandbox,
    private readonly mailbox: Mailbox,
  ) {}

  /** As staff, like all here. */
  async begin(subscriptionId: string): Promise<void> {
    this.id = subscriptionId;
    this.anchorDate = (await this.store.get(`/v1/admin/subscriptions/${subscriptionId}`)).anchorDate;
    // One letter came before: that with which the address was verified.
    this.letters = 1;
  }

  head(): void {
    console.log(lineOf(HEADS));
  }

  /** The oldest first. */
  invoices(): readonly ShownInvoice[] {
    return this.all;
  }

  /** What could be used, each change of it. */
  entitlements(): readonly string[] {
    return this.told;
  }

  async attemptsOf(index: number): Promise<Attempt[]> {
    const { id } = this.all[index] ?? { id: '' };
    return (await this.store.get(`/v1/admin/invoice-collections/${id}`)).attempts;
  }

  async row(month: number): Promise<void> {
    const { now } = await this.store.get('/v1/admin/test-clock');
    const { state, entitlement } = await this.store.get(`/v1/admin/subscriptions/${this.id}`);
    if (this.told.at(-1) !== entitlement) this.told.push(entitlement);
    this.all = (await this.store.all(`/v1/admin/invoices?subscriptionId=${this.id}`)).reverse();
    const invoices = this.all.filter(({ id }) => this.isNew(id)).map(({ number }) => number);
    const charges = (await this.charges()).map(({ outcome, code }) =>
      [outcome, code].filter(Boolean).join(': '),
    );
    const subjects = this.mailbox.subjects();
    const letters = subjects.slice(this.letters);
    this.letters = subjects.length;
    const subscription = `${state}, ${entitlement}`;
    const isQuiet = [...invoices, ...charges, ...letters].length === 0 && subscription === this.last;
    this.last = subscription;
    if (isQuiet) return;
    const { owed, received } = await this.books();
    const first = [now.slice(0, 10), String(month), subscription, invoices.join(), charges.join('; ')];
    console.log(lineOf([...first, price(owed), price(received), letters[0] ?? '']));
    for (const letter of letters.slice(1)) console.log(lineOf(['', '', '', '', '', '', '', letter]));
  }

  /** Attempts that were not there before; the first invoice is paid by its customer, and has none. */
  private async charges(): Promise<Pick<Attempt, 'outcome' | 'code'>[]> {
    const charges: Pick<Attempt, 'outcome' | 'code'>[] = [];
    const collections = await this.store.all(`/v1/admin/invoice-collections?subscriptionId=${this.id}`);
    for (const { invoiceId } of collections) {
      const { attempts } = await this.store.get(`/v1/admin/invoice-collections/${invoiceId}`);
      charges.push(...attempts.filter(({ id }: Attempt) => this.isNew(id)));
    }
    const [first] = this.all;
    if (first?.state === 'paid' && this.isNew(`payment of ${first.id}`))
      charges.push({ outcome: 'paid', code: 'by the customer' });
    return charges;
  }

  /** What the books say that is owed, and has come in. */
  private async books(): Promise<{ owed: number; received: number }> {
    const postings: Posting[] = await this.store.all('/v1/admin/ledger/transactions?');
    const sum = (pattern: RegExp) =>
      postings
        .flatMap(({ entries }) => entries)
        .filter(({ account }) => pattern.test(account))
        .reduce((total, { amount }) => total + amount.amount, 0);
    return { owed: sum(/^assets:ar/), received: sum(/^(assets:provider|assets:bank|expense:provider_fees)/) };
  }

  private isNew(id: string): boolean {
    const isNew = !this.known.has(id);
    this.known.add(id);
    return isNew;
  }
}

const price = (amount: number): string => (amount / 100).toFixed(2);

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd();
}
