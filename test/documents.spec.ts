import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawDocument } from '../src/billing/document/drawing.js';
import type { InvoiceContent } from '../src/billing/invoice/invoice-content.js';
import { ada, contentOf, type Priced } from './support/contents.js';
import { pdfText } from './support/pdf-text.js';

const lamp: Priced = {
  title: 'Lamp “Aurora”',
  sku: 'LAMP-1',
  quantity: '2',
  unitPrice: 199_900,
  discount: 10_000,
  ratePpm: 190_000,
  category: 'S',
};
const book: Priced = {
  ...lamp,
  title:
    'Κανδήλα, Лампа, مصباح: a book in a hundred tongues, with a title that goes on for much longer than one line of a table has room for it',
  sku: null,
  discount: 0,
  ratePpm: 70_000,
};

/** For whoever wants to see them: DOCUMENTS=folder. */
function keep(name: string, bytes: Buffer): void {
  const { DOCUMENTS } = process.env;
  if (DOCUMENTS === undefined) return;
  mkdirSync(DOCUMENTS, { recursive: true });
  writeFileSync(join(DOCUMENTS, name), bytes);
}

async function textOf(name: string, content: InvoiceContent): Promise<string> {
  const { bytes } = await drawDocument(content, 'pdf');
  keep(name, bytes);
  return pdfText(bytes);
}

describe('a document on paper', () => {
  it('says who, what, how much and how it is taxed', async () => {
    const content = contentOf([lamp, book], { shipTo: { ...ada, city: 'Potsdam', company: 'Engines & Co' } });
    const text = await textOf('invoice.pdf', content);
    for (const said of [
      'Invoice 2026-000042',
      'Guildhall Trading GmbH',
      'Unter den Linden 5',
      'To be paid by',
      'Lamp “Aurora”',
      'Discount included: 100.00',
      '3,898.00',
      'VAT 19 %',
      'VAT id DE136695976',
      'IBAN DE02 1203 0000 0000 2020 51',
      'Please pay 7,896.00 EUR by 2026-12-06 to DE02120300000000202051, saying 2026-000042.',
      'Goods remain our property until they are paid.',
      'Invoice 2026-000042, page 1 of 1',
    ])
      expect(text).toContain(said);
    expect(text).toContain('Potsdam');
    const charged = await textOf('charged.pdf', { ...content, charged: true });
    expect(charged).toContain('You need not do anything: 7,896.00 EUR are charged to the payment method');
    expect(charged).not.toMatch(/Please pay|To be paid|DE02120300000000202051/);
  });

  it('is the same bytes each time, and Factur-X carries the XML', async () => {
    const content = contentOf([lamp]);
    for (const format of ['pdf', 'facturx', 'ubl'] as const) {
      const [first, second] = [await drawDocument(content, format), await drawDocument(content, format)];
      expect(first.bytes.equals(second.bytes)).toBe(true);
      keep(`same.${format}.${format === 'ubl' ? 'xml' : 'pdf'}`, first.bytes);
    }
    const { bytes } = await drawDocument(content, 'facturx');
    const source = bytes.toString('latin1');
    expect(source).toContain('/AFRelationship /Alternative');
    expect(source).toContain('<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>');
    expect(source).toContain('<pdfaid:part>3</pdfaid:part>');
    expect(pdfText(bytes)).toContain('Invoice 2026-000042');
  });

  it('goes on over pages with its head, and numbers them', async () => {
    const content = contentOf(
      Array.from({ length: 100 }, (_, index) => ({
        ...(index % 9 === 0 ? book : lamp),
        sku: `SKU-${index}`,
      })),
      { pricesIncludeTax: false, notes: Array.from({ length: 10 }, () => 'A long note. '.repeat(38)) },
    );
    const text = await textOf('long.pdf', content);
    const [, pages = ''] = /page 1 of (\d+)/.exec(text) ?? [];
    expect(Number(pages)).toBeGreaterThan(4);
    expect(text.match(/, continued/g)).toHaveLength(Number(pages) - 1);
    for (let page = 1; page <= Number(pages); page++) expect(text).toContain(`page ${page} of ${pages}`);
    for (let index = 0; index < 100; index++) expect(text).toContain(`SKU-${index}`);
  });

  it('is a credit note, or a pro-forma that says what it is not', async () => {
    const good = contentOf([lamp]);
    const zero = { amount: 0, currency: 'EUR' };
    const note = await textOf('credit-note.pdf', {
      ...good,
      kind: 'credit_note',
      number: 'CN-2026-000001',
      dueDate: null,
      totals: { ...good.totals, prepaid: good.totals.gross, due: zero },
      references: { number: '2026-000042', issueDate: '2026-11-22' },
    });
    expect(note).toContain('Credit note CN-2026-000001');
    expect(note).toContain('This credits invoice 2026-000042 of 2026-11-22 in the amounts above.');
    expect(note).not.toContain('Please pay');
    const untaxed = contentOf([
      { ...lamp, category: 'AE', ratePpm: 0 },
      { ...lamp, unitPrice: -1, quantity: '-1.5' },
    ]);
    const draft = await textOf('pro-forma.pdf', {
      ...untaxed,
      kind: 'pro_forma',
      number: null,
      seller: { ...good.seller, iban: null, bic: null, register: null },
    });
    expect(draft).toContain('This is not an invoice');
    expect(draft).toContain('Reverse charge: the buyer owes the VAT');
    await expect(drawDocument({ ...good, number: null }, 'facturx')).rejects.toThrow('number must be there');
  });
});
