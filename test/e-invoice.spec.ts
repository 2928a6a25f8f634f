import { invoiceSchema } from '@e-invoice-eu/core';
import { Ajv2019 } from 'ajv/dist/2019.js';
import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ada, anyContent, contentOf } from './support/contents.js';
import { Money } from '../src/platform/money/money.js';
import { eInvoiceFaults } from '../src/billing/document/e-invoice.rules.js';
import { breakdownOf, eInvoiceOf } from '../src/billing/document/e-invoice.js';
import { eInvoiceXml } from '../src/billing/document/e-invoice.xml.js';

const isValid = new Ajv2019({ strict: true, allErrors: true }).compile(structuredClone(invoiceSchema));
const lamp = {
  title: 'Lamp “Aurora”',
  sku: 'LAMP-1',
  quantity: '2',
  unitPrice: 1999,
  discount: 0,
  ratePpm: 190_000,
  category: 'S' as const,
};
/** In minor units; what has no point has no digits behind it. */
const minor = (text: string, currency: string): bigint =>
  BigInt(text.replace('.', '')) * (text.includes('.') || currency === 'JPY' ? 1n : 100n);
const ppm = (percent: string): bigint => {
  const [whole = '0', part = ''] = percent.split('.');
  return BigInt(whole) * 10_000n + BigInt(part.padEnd(4, '0'));
};

type Tree = Record<string, unknown>;

/** What the arithmetic of EN 16931 says of the document that is written, not of the content that it comes from. */
function sumsHold(document: Tree, currency: string): void {
  const units = (node: Tree, name: string) => minor(String(node[name] ?? '0'), currency);
  const lines = document['cac:InvoiceLine'] as Tree[];
  const totals = document['cac:LegalMonetaryTotal'] as Tree;
  const [taxTotal] = document['cac:TaxTotal'] as [Tree];
  const rows = taxTotal['cac:TaxSubtotal'] as Tree[];
  const net = lines.reduce((sum, line) => sum + units(line, 'cbc:LineExtensionAmount'), 0n);
  expect(units(totals, 'cbc:TaxExclusiveAmount')).toBe(net);
  const tax = rows.reduce((sum, row) => sum + units(row, 'cbc:TaxAmount'), 0n);
  expect(units(taxTotal, 'cbc:TaxAmount')).toBe(tax);
  const gross = units(totals, 'cbc:TaxInclusiveAmount');
  expect(gross).toBe(net + tax);
  expect(units(totals, 'cbc:PayableAmount')).toBe(gross - units(totals, 'cbc:PrepaidAmount'));
  for (const line of lines) {
    const price = line['cac:Price'] as Tree;
    const [allowance] = (line['cac:AllowanceCharge'] as Tree[] | undefined) ?? [];
    const sign = String(allowance?.['cbc:ChargeIndicator']) === 'true' ? 1n : -1n;
    const off = allowance ? sign * units(allowance, 'cbc:Amount') : 0n;
    const [quantity, base] = [Number(line['cbc:InvoicedQuantity']), Number(price['cbc:BaseQuantity'] ?? 1)];
    const whole = (Number(units(price, 'cbc:PriceAmount')) * quantity) / base;
    expect(units(price, 'cbc:PriceAmount')).toBeGreaterThanOrEqual(0n);
    expect(BigInt(Math.round(whole)) + off).toBe(units(line, 'cbc:LineExtensionAmount'));
  }
  for (const row of rows) {
    const category = row['cac:TaxCategory'] as Tree;
    const members = lines.filter((line) => {
      const own = (line['cac:Item'] as Tree)['cac:ClassifiedTaxCategory'] as Tree;
      return own['cbc:ID'] === category['cbc:ID'] && own['cbc:Percent'] === category['cbc:Percent'];
    });
    const base = members.reduce((sum, line) => sum + units(line, 'cbc:LineExtensionAmount'), 0n);
    expect(units(row, 'cbc:TaxableAmount')).toBe(base);
    const exact = Money.of(base, currency).timesRatio(
      ppm(String(category['cbc:Percent'] ?? '0')),
      1_000_000n,
    );
    expect(Math.abs(Number(exact.amount - units(row, 'cbc:TaxAmount')))).toBeLessThanOrEqual(1);
  }
}

describe('an e-invoice', () => {
  it('is valid whatever is sold, and its sums are those of the document', () => {
    fc.assert(
      fc.property(anyContent, fc.constantFrom('ubl', 'cii'), (content, syntax) => {
        const faults = eInvoiceFaults(content);
        fc.pre(faults.every(({ code }) => code !== 'BR-CO-17'));
        expect(faults).toEqual([]);
        const document = eInvoiceOf(content, syntax);
        expect([isValid(document), isValid.errors]).toEqual([true, null]);
        sumsHold(document['ubl:Invoice'] as unknown as Tree, content.currency);
      }),
      { numRuns: 100 },
    );
  });

  it('is written as XML that has what was typed, and nothing of it is markup', async () => {
    const content = contentOf(
      [
        { ...lamp, title: 'Lamp </cbc:Name><x>\u0001 & ランプ' },
        { ...lamp, ratePpm: 70_000, quantity: '1.5', discount: 100 },
      ],
      { notes: ['<script>'] },
    );
    const ubl = await eInvoiceXml(content, 'ubl');
    expect(ubl).toContain('<cbc:Name>Lamp &lt;/cbc:Name&gt;&lt;x&gt; &amp; ランプ</cbc:Name>');
    expect(ubl).toContain('<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>');
    expect(ubl).toContain('<cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>');
    const cii = await eInvoiceXml(content, 'cii');
    expect(cii).toContain('<ram:ActualAmount>0.93</ram:ActualAmount>');
    // CII-DT-031: no other amount names its currency.
    expect([...cii.matchAll(/<ram:(\w+) currencyID=/g)].map(([, name]) => name)).toEqual(['TaxTotalAmount']);
    expect(cii).toContain('<ram:IBANID>DE02120300000000202051</ram:IBANID>');
    expect(cii).toContain('<ram:Name>Lamp &lt;/cbc:Name&gt;&lt;x&gt; &amp; ランプ</ram:Name>');
    // What is charged asks for no transfer, and is to be paid all the same.
    for (const syntax of ['ubl', 'cii'] as const) {
      const charged = await eInvoiceXml({ ...content, charged: true }, syntax);
      expect(charged).toMatch(/TypeCode>48<|PaymentMeansCode[^>]*>48</);
      expect(charged).not.toContain('DE02120300000000202051');
      expect(charged).toContain(syntax === 'ubl' ? 'PayableAmount' : 'DuePayableAmount');
    }
    const note = await eInvoiceXml({ ...content, kind: 'credit_note', dueDate: null }, 'ubl');
    expect(note).toContain('<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>');
  });

  it('adds up what several levy on the same', () => {
    const { lines, ...rest } = contentOf([lamp], { currency: 'USD', pricesIncludeTax: false });
    const [line] = lines;
    const levied = lines.flatMap((one) => [
      { ...one.taxes[0], title: 'State', ratePpm: 100_000 },
      { ...one.taxes[0], title: 'County', ratePpm: 90_000 },
    ]) as (typeof lines)[number]['taxes'];
    const content = { ...rest, lines: lines.map((one) => ({ ...one, taxes: levied })) };
    expect(eInvoiceFaults(content)).toEqual([]);
    expect(breakdownOf(content.lines, 'USD')).toEqual([
      {
        category: 'S',
        ratePpm: 190_000,
        base: Money.of(line?.net.amount ?? 0, 'USD'),
        tax: Money.of(line?.tax.amount ?? 0, 'USD'),
        reasons: [],
      },
    ]);
  });

  it('is refused with the rule that it breaks', () => {
    const good = contentOf([lamp]);
    const faultsOf = (over: object) => eInvoiceFaults({ ...good, ...over }).map(({ code }) => code);
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ number: null, kind: 'pro_forma' })).toEqual(['BR-02']);
    expect(faultsOf({ buyer: { ...good.buyer, address: null } })).toEqual(['BR-11']);
    expect(faultsOf({ totals: { ...good.totals, due: Money.of(1, 'EUR').toJSON() } })).toEqual(['BR-CO-16']);
    expect(faultsOf({ seller: { ...good.seller, vatId: null, taxNumber: null } })).toEqual(['BR-S-02']);
    const untaxed = (category: 'AE' | 'K' | 'G' | 'O') => ({ ...lamp, category, ratePpm: 0 });
    const codes = (content: Parameters<typeof eInvoiceFaults>[0]) =>
      eInvoiceFaults(content).map(({ code }) => code);
    expect(codes(contentOf([untaxed('AE')]))).toEqual(['BR-AE-02']);
    expect(codes(contentOf([untaxed('K')], { deliveryDate: null }))).toEqual(['BR-IC-02', 'BR-IC-11']);
    expect(codes(contentOf([untaxed('O'), lamp]))).toEqual(['BR-O-11']);
    const dinar = { ...lamp, unitPrice: 1235, ratePpm: 0, category: 'Z' as const };
    expect(codes(contentOf([{ ...dinar, quantity: '1' }], { currency: 'KWD' }))).toEqual(['BR-DEC']);
    const even = contentOf([{ ...dinar, unitPrice: 1230 }], { currency: 'KWD' });
    expect(codes(even)).toEqual([]);
    expect(JSON.stringify(eInvoiceOf(even, 'ubl'))).toContain('"cbc:PayableAmount":"2.46"');
  });

  it('can be looked at', async () => {
    const { DOCUMENTS } = process.env;
    if (DOCUMENTS === undefined) return;
    mkdirSync(DOCUMENTS, { recursive: true });
    const contents = fc.sample(anyContent, { numRuns: 40, seed: 7 });
    const samples = [contentOf([lamp], { shipTo: ada }), ...contents];
    for (const [index, content] of samples.entries())
      for (const syntax of ['ubl', 'cii'] as const)
        writeFileSync(join(DOCUMENTS, `${index}.${syntax}.xml`), await eInvoiceXml(content, syntax));
  });
});
