import fc from 'fast-check';
import { creditTaxes, shareOut } from '../credit-note/credit-arithmetic.js';
import { creditableLines, creditLine } from '../credit-note/credit-lines.js';
import { faultsOf } from './invoice-arithmetic.js';
import type { InvoiceLine } from './invoice-content.js';
import { type Documented, orderDifference } from './order-difference.js';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const TERMS = { currency: 'EUR', pricesIncludeTax: true };

/** So many pieces for so much, with 19 % inside. */
function line(id: string, quantity: number, total: number): InvoiceLine {
  const tax = Math.round((total * 19) / 119);
  const [net, category, ratePpm] = [eur(total - tax), 'S' as const, 190_000];
  return {
    ...{ id, title: id, sku: id, quantity: String(quantity), unit: 'C62', revenue: 'sales' as const },
    ...{ unitPrice: eur(Math.floor(total / quantity)), price: eur(total), discount: eur(0) },
    ...{ net, tax: eur(tax), total: eur(total), category, ratePpm, period: null, explain: null },
    taxes: [
      { category, ratePpm, title: 'VAT', jurisdiction: 'DE', base: net, amount: eur(tax), reason: null },
    ],
  };
}

const state = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'shipping:standard'),
      quantity: fc.integer({ min: 1, max: 9 }),
      total: fc.integer({ min: 9, max: 9_999 }),
    }),
    { selector: ({ id }) => id, maxLength: 4 },
  )
  .map((lines) => lines.map(({ id, quantity, total }) => line(id, quantity, total)));
const sum = (lines: readonly InvoiceLine[], pick: 'total' | 'tax' | 'net') =>
  lines.reduce((all, one) => all + one[pick].amount, 0);

/** The documents of an order, as they are made one after the other. */
class Books {
  documents: Documented[] = [];

  bringUpTo(wanted: readonly InvoiceLine[]): void {
    const { credits, added } = orderDifference(wanted, this.documents, true);
    for (const { invoiceId, lines } of credits) this.credit(invoiceId, lines, true);
    if (added.length > 0) {
      expect(faultsOf(added, TERMS)).toEqual([]);
      const invoiceId = String(this.documents.length);
      this.documents.push({ invoiceId, lines: added, credited: [], followed: [] });
    }
  }

  /** Out of kindness, up to so much of the first invoice. */
  giveBack(amount: number): void {
    const [first] = this.documents;
    if (!first) return;
    const all = creditableLines(first.lines, first.credited).filter(({ leftTotal }) => leftTotal > 0n);
    const totals = shareOut(BigInt(amount), all);
    if (totals === null) return;
    const taxes = creditTaxes(all, totals);
    const lines = all.map(({ line: one }, index) => {
      const part = { total: totals[index] ?? 0n, tax: taxes[index] ?? 0n, explain: '' };
      return creditLine(one, part, true);
    });
    this.credit(
      first.invoiceId,
      lines.filter(({ total }) => total.amount > 0),
      false,
    );
  }

  private credit(invoiceId: string, lines: readonly InvoiceLine[], follows: boolean): void {
    expect(faultsOf(lines, TERMS)).toEqual([]);
    this.documents = this.documents.map((one) =>
      one.invoiceId === invoiceId
        ? {
            ...one,
            credited: [...one.credited, ...lines],
            followed: follows ? [...one.followed, ...lines] : one.followed,
          }
        : one,
    );
    const { lines: charged, credited } = this.documents.find(
      (one) => one.invoiceId === invoiceId,
    ) as Documented;
    for (const { leftTotal, leftTax } of creditableLines(charged, credited)) {
      expect(leftTax).toBeGreaterThanOrEqual(0n);
      expect(leftTotal).toBeGreaterThanOrEqual(leftTax);
    }
  }
}

describe('the documents of an order', () => {
  it('say what the order says after every change, and nothing more when it is told again', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 8 }), (states) => {
        const books = new Books();
        for (const wanted of states) {
          books.bringUpTo(wanted);
          const charged = books.documents.flatMap(({ lines }) => lines);
          const credited = books.documents.flatMap((one) => one.credited);
          expect(sum(charged, 'total') - sum(credited, 'total')).toBe(sum(wanted, 'total'));
          const count = JSON.stringify(books.documents);
          books.bringUpTo(wanted);
          expect(JSON.stringify(books.documents)).toBe(count);
        }
      }),
    );
  });

  it('never credit more than was charged, whatever was given back by hand in between', () => {
    fc.assert(
      fc.property(
        state,
        fc.array(fc.oneof(state, fc.integer({ min: 1, max: 3_000 })), { maxLength: 8 }),
        (first, steps) => {
          const books = new Books();
          books.bringUpTo(first);
          for (const step of steps) {
            if (typeof step === 'number') books.giveBack(step);
            else books.bringUpTo(step);
          }
          books.bringUpTo([]);
          for (const { lines, credited } of books.documents)
            expect(sum(credited, 'total')).toBeLessThanOrEqual(sum(lines, 'total'));
        },
      ),
    );
  });
});
