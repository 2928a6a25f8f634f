import fc from 'fast-check';
import { computedLines, sumsOf, taxesOf } from '../../src/billing/invoice/invoice-arithmetic.js';
import type {
  InvoiceContent,
  InvoiceLine,
  InvoiceTaxCategory,
} from '../../src/billing/invoice/invoice-content.js';
import { Money } from '../../src/platform/money/money.js';

export interface Priced {
  title: string;
  sku: string | null;
  quantity: string;
  unitPrice: number;
  discount: number;
  ratePpm: number;
  category: InvoiceTaxCategory;
}

const REASONS: Partial<Record<InvoiceTaxCategory, string>> = {
  E: 'Exempt: Directive 2006/112/EC, Art. 132',
  AE: 'Reverse charge: the buyer owes the VAT',
  K: 'Tax-free supply within the Union',
  G: 'Export outside the Union',
  O: 'Not subject to VAT',
};

export const ada = {
  firstName: 'Ada',
  lastName: 'Byron',
  company: null,
  line1: 'Unter den Linden 5',
  line2: null,
  city: 'Berlin',
  postalCode: '10117',
  region: null,
  country: 'DE',
  phone: null,
};

/** A document as billing freezes it. */
export function contentOf(priced: readonly Priced[], over: Partial<InvoiceContent> = {}): InvoiceContent {
  const { currency = 'EUR', pricesIncludeTax = true } = over;
  const money = (amount: number) => Money.of(amount, currency);
  const made = computedLines(
    priced.map((line) => ({
      ...line,
      unitPrice: money(line.unitPrice),
      discount: money(line.discount),
      taxTitle: 'VAT',
      jurisdiction: 'DE',
      reason: REASONS[line.category] ?? null,
    })),
    { currency, pricesIncludeTax },
  );
  const lines = made.map((line, index): InvoiceLine => {
    const { id, unit, revenue } = { id: String(index), unit: 'C62', revenue: 'sales' } as const;
    return { ...line, id, unit, revenue, period: null, explain: null };
  });
  const { net, tax, gross } = sumsOf(lines, currency);
  const totals = { net: net.toJSON(), tax: tax.toJSON(), gross: gross.toJSON() };
  return {
    kind: 'invoice',
    number: '2026-000042',
    issueDate: '2026-11-22',
    dueDate: '2026-12-06',
    deliveryDate: '2026-11-20',
    period: null,
    currency,
    pricesIncludeTax,
    seller: {
      name: 'Guildhall Trading GmbH',
      address: {
        line1: 'Gildenweg 1',
        line2: null,
        city: 'Lübeck',
        postalCode: '23552',
        region: null,
        country: 'DE',
      },
      vatId: 'DE136695976',
      taxNumber: '22/123/45678',
      register: 'Amtsgericht Lübeck, HRB 1234',
      email: 'billing@guildhall.example',
      iban: 'DE02120300000000202051',
      bic: 'BYLADEM1001',
    },
    buyer: {
      name: 'Ada Byron',
      company: null,
      address: ada,
      email: 'ada@example.test',
      vatId: null,
      vatCheck: null,
    },
    shipTo: null,
    orderNumber: '1001',
    lines,
    taxes: taxesOf(lines),
    totals: { ...totals, prepaid: Money.zero(currency).toJSON(), due: gross.toJSON() },
    charged: false,
    references: null,
    notes: ['Goods remain our property until they are paid.'],
    ...over,
  };
}

const words = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.constantFrom(
    'Lamp "Aurora" <brass> & glass',
    'Κανδήλα από ορείχαλκο',
    'Лампа настольная',
    'ランプ',
    '',
    '\u0000\ud800',
  ),
);
const sold = (category: InvoiceTaxCategory, rates: number[]) =>
  fc.record({
    title: words,
    sku: fc.option(words),
    quantity: fc.oneof(fc.integer({ min: -3, max: 99 }).map(String), fc.constantFrom('0.5', '1.25', '2.333')),
    unitPrice: fc.integer({ min: 0, max: 99_999 }),
    discount: fc.constantFrom(0, 0, 1, 250),
    ratePpm: fc.constantFrom(...rates),
    category: fc.constant(category),
  });
const some = (...kinds: fc.Arbitrary<Priced>[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 8 });

/** Whatever may be sold, by however it is taxed; its totals are not below nothing. */
export const anyContent: fc.Arbitrary<InvoiceContent> = fc
  .record({
    priced: fc.oneof(
      some(sold('S', [70_000, 77_000, 190_000, 255_000, 212_345]), sold('Z', [0]), sold('E', [0])),
      some(sold('AE', [0])),
      some(sold('K', [0])),
      some(sold('G', [0]), sold('S', [190_000])),
      some(sold('O', [0])),
    ),
    currency: fc.constantFrom('EUR', 'USD', 'JPY', 'CHF'),
    pricesIncludeTax: fc.boolean(),
    isCredit: fc.boolean(),
    isPaid: fc.boolean(),
    charged: fc.boolean(),
    company: fc.option(words),
    notes: fc.array(words, { maxLength: 3 }),
    hasVatId: fc.boolean(),
    shipTo: fc.option(fc.constant({ ...ada, country: 'XK', line2: 'c/o <Grace>' })),
    email: fc.option(fc.constant('ada@example.test')),
  })
  .map(
    ({
      priced,
      currency,
      pricesIncludeTax,
      isCredit,
      isPaid,
      charged,
      company,
      notes,
      hasVatId,
      shipTo,
      email,
    }) => {
      const made = contentOf(priced, { currency, pricesIncludeTax, charged, notes, shipTo });
      const { totals, seller, buyer } = made;
      const zero = Money.zero(currency).toJSON();
      return {
        ...made,
        ...(isCredit
          ? ({
              kind: 'credit_note',
              dueDate: null,
              references: { number: '2026-000041', issueDate: '2026-11-01' },
            } as const)
          : {}),
        totals: isPaid || isCredit ? { ...totals, prepaid: totals.gross, due: zero } : totals,
        seller:
          hasVatId || priced.some(({ category }) => category !== 'S') ? seller : { ...seller, vatId: null },
        buyer: { ...buyer, company, email, vatId: 'FR40303265045' },
      };
    },
  )
  .filter(({ totals }) => totals.gross.amount >= 0);
