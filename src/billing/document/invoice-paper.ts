import { Money, type MoneyJson } from '../../platform/money/money.js';
import type { Pdf } from '../../platform/pdf/pdf.js';
import type { InvoiceContent, InvoiceLine, InvoiceTax } from '../invoice/invoice-content.js';
import { BOTTOM, type Cell, foot, LEFT, row, rowHeight, rule, WIDTH } from './paper.js';
import { printable } from './printable.js';

const TITLE = { invoice: 'Invoice', credit_note: 'Credit note', pro_forma: 'Pro-forma invoice' };
const AT = {
  number: LEFT,
  title: LEFT + 24,
  quantity: LEFT + 255,
  price: LEFT + 310,
  rate: LEFT + 375,
  amount: LEFT + 420,
};
const UNITS: Readonly<Record<string, string>> = { C62: '', MON: ' mo.', DAY: ' d', HUR: ' h', ANN: ' yr' };
const RIGHT = 'right';

export const titleOf = ({ kind, number }: Pick<InvoiceContent, 'kind' | 'number'>): string =>
  number === null ? TITLE[kind] : `${TITLE[kind]} ${number}`;

/** An invoice, a credit note or a draft of one on paper, drawn from its content alone. */
export function drawInvoice(pdf: Pdf, content: InvoiceContent): void {
  const start = head(pdf, content);
  const y = totals(pdf, lines(pdf, start, content), content);
  closing(pdf, taxTable(pdf, y, content), content);
  foot(pdf, footOf(content), (page, of) => `${titleOf(content)}, page ${page} of ${of}`);
}

function head(pdf: Pdf, content: InvoiceContent): number {
  const { seller, buyer, shipTo } = content;
  pdf.font('bold').fontSize(15).text(printable(seller.name), LEFT, 50, { width: WIDTH });
  pdf.font('text').fontSize(7).fillColor('#444444');
  pdf.text([printable(seller.name), ...addressOf(seller.address)].join(' · '), LEFT, 118, { width: 255 });
  pdf.fillColor('#000000').fontSize(10);
  const to = [
    ...(buyer.company === null ? [] : [buyer.company]),
    buyer.name,
    ...addressOf(buyer.address),
    ...(buyer.vatId === null ? [] : [`VAT id ${buyer.vatId}`]),
  ];
  pdf.text(linesOf(to), LEFT, pdf.y + 4, { width: 255, lineGap: 1 });
  const below = pdf.y;
  pdf.fontSize(9);
  let y = 118;
  for (const [name, value] of facts(content))
    y =
      row(pdf, y, [
        { text: name, x: LEFT + 285, width: 90 },
        { text: printable(value), x: LEFT + 375, width: 120, align: RIGHT, bold: name === 'Number' },
      ]) + 2;
  if (shipTo !== null && linesOf(addressOf(shipTo)) !== linesOf(addressOf(buyer.address))) {
    const name = shipTo.company ?? `${shipTo.firstName} ${shipTo.lastName}`;
    const place = printable([name, ...addressOf(shipTo)].join(', '));
    pdf
      .font('bold')
      .fontSize(8)
      .text('Delivered to', LEFT + 285, y + 4, { width: 210 });
    pdf.font('text').text(place, LEFT + 285, pdf.y + 1, { width: 210 });
    ({ y } = pdf);
  }
  y = Math.max(below, y, 230) + 22;
  pdf.font('bold').fontSize(14).text(titleOf(content), LEFT, y, { width: WIDTH });
  if (content.number === null) {
    const words = 'This is not an invoice: it has no number, and nothing of it can be deducted as input tax.';
    pdf
      .font('text')
      .fontSize(9)
      .text(words, LEFT, pdf.y + 2, { width: WIDTH });
  }
  return pdf.y + 10;
}

function facts({
  kind,
  number,
  issueDate,
  dueDate,
  deliveryDate,
  period,
  orderNumber,
  references,
  charged,
  totals,
}: InvoiceContent) {
  const isOpen = kind !== 'credit_note' && totals.due.amount > 0 && !charged;
  return [
    ...(number === null ? [] : [['Number', number]]),
    ['Date', issueDate],
    ...(period === null ? [] : [['Period', `${period.start} to ${period.end}`]]),
    ...(deliveryDate === null ? [] : [['Delivered on', deliveryDate]]),
    ...(dueDate === null || !isOpen ? [] : [['To be paid by', dueDate]]),
    ...(orderNumber === null ? [] : [['Order', orderNumber]]),
    ...(references === null
      ? []
      : [
          ['For invoice', references.number],
          ['of', references.issueDate],
        ]),
  ] as [string, string][];
}

function lines(pdf: Pdf, start: number, content: InvoiceContent): number {
  let y = tableHead(pdf, start, content);
  content.lines.forEach((line, index) => {
    pdf.fontSize(9);
    const cells = lineCells(line, index, content);
    const details = detailsOf(line);
    const height = rowHeight(pdf, cells) + details.length * 10 + 5;
    if (y + height > BOTTOM) y = tableHead(pdf, nextPage(pdf, content), content);
    pdf.fontSize(9);
    y = row(pdf, y, cells);
    pdf.fontSize(7.5).fillColor('#444444');
    for (const detail of details)
      y = row(pdf, y, [{ text: detail, x: AT.title, width: AT.quantity - AT.title - 10 }]);
    pdf.fillColor('#000000');
    y += 5;
  });
  return y;
}

function tableHead(pdf: Pdf, start: number, { currency, pricesIncludeTax }: InvoiceContent): number {
  pdf.fontSize(8);
  const y = row(pdf, start, [
    { text: '#', x: AT.number, width: 20, bold: true },
    { text: 'What', x: AT.title, width: 200, bold: true },
    { text: 'Quantity', x: AT.quantity, width: 45, align: RIGHT, bold: true },
    { text: 'Price', x: AT.price, width: 60, align: RIGHT, bold: true },
    { text: 'VAT', x: AT.rate, width: 40, align: RIGHT, bold: true },
    {
      text: `${currency}, ${pricesIncludeTax ? 'gross' : 'net'}`,
      x: AT.amount,
      width: 75,
      align: RIGHT,
      bold: true,
    },
  ]);
  rule(pdf, y + 2);
  return y + 7;
}

/** The page is broken before a row: its head says what it goes on with. */
function nextPage(pdf: Pdf, content: InvoiceContent): number {
  pdf.addPage();
  const to = printable(content.buyer.company ?? content.buyer.name);
  pdf.fontSize(9);
  const y = row(pdf, 50, [
    { text: `${titleOf(content)}, continued`, x: LEFT, width: 300, bold: true },
    { text: to, x: LEFT + 300, width: 195, align: RIGHT },
  ]);
  return y + 12;
}

const lineCells = (line: InvoiceLine, index: number, { pricesIncludeTax }: InvoiceContent): Cell[] => [
  { text: String(index + 1), x: AT.number, width: 22 },
  { text: printable(line.title) || '-', x: AT.title, width: AT.quantity - AT.title - 10 },
  { text: `${line.quantity}${UNITS[line.unit] ?? ` ${line.unit}`}`, x: AT.quantity, width: 45, align: RIGHT },
  { text: amount(line.unitPrice), x: AT.price, width: 60, align: RIGHT },
  { text: percent(line.ratePpm), x: AT.rate, width: 40, align: RIGHT },
  { text: amount(pricesIncludeTax ? line.total : line.net), x: AT.amount, width: 75, align: RIGHT },
];

const detailsOf = ({ sku, period, discount }: InvoiceLine): string[] => [
  ...(sku === null || printable(sku) === '' ? [] : [printable(sku)]),
  ...(period === null ? [] : [`${period.start} to ${period.end}`]),
  ...(discount.amount === 0 ? [] : [`Discount included: ${amount(discount)}`]),
];

function totals(pdf: Pdf, start: number, content: InvoiceContent): number {
  const { kind, taxes, totals: sums } = content;
  const rows: [string, MoneyJson, boolean][] = [
    ['Net', sums.net, false],
    ...taxes
      .filter(({ ratePpm }) => ratePpm > 0)
      .map((tax): [string, MoneyJson, boolean] => [taxName(tax), tax.amount, false]),
    [kind === 'credit_note' ? 'Credited' : 'Total', sums.gross, true],
    ...(kind === 'credit_note' || sums.prepaid.amount === 0
      ? []
      : ([
          ['Paid', sums.prepaid, false],
          [content.charged ? 'To be charged' : 'To be paid', sums.due, true],
        ] as [string, MoneyJson, boolean][])),
  ];
  let y = start;
  if (y + rows.length * 15 > BOTTOM) y = nextPage(pdf, content);
  rule(pdf, y);
  y += 6;
  pdf.fontSize(9.5);
  for (const [text, sum, bold] of rows)
    y =
      row(pdf, y, [
        { text, x: LEFT + 250, width: 145, bold },
        { text: money(sum), x: LEFT + 395, width: 100, align: RIGHT, bold },
      ]) + 3;
  return y + 14;
}

function taxTable(pdf: Pdf, start: number, content: InvoiceContent): number {
  const { taxes } = content;
  let y = start;
  const height = 30 + taxes.length * 24;
  if (y + Math.min(height, 200) > BOTTOM) y = nextPage(pdf, content);
  pdf.fontSize(8);
  y = row(pdf, y, [
    { text: 'VAT', x: LEFT, width: 190, bold: true },
    { text: 'Rate', x: LEFT + 190, width: 55, align: RIGHT, bold: true },
    { text: 'Net', x: LEFT + 250, width: 115, align: RIGHT, bold: true },
    { text: 'VAT', x: LEFT + 375, width: 120, align: RIGHT, bold: true },
  ]);
  rule(pdf, y + 2);
  y += 6;
  for (const tax of taxes) {
    const text = printable(tax.reason ?? tax.title);
    const cells: Cell[] = [
      { text, x: LEFT, width: 190 },
      { text: percent(tax.ratePpm), x: LEFT + 190, width: 55, align: RIGHT },
      { text: money(tax.base), x: LEFT + 250, width: 115, align: RIGHT },
      { text: money(tax.amount), x: LEFT + 375, width: 120, align: RIGHT },
    ];
    if (y + rowHeight(pdf, cells) > BOTTOM) y = nextPage(pdf, content);
    pdf.fontSize(8);
    y = row(pdf, y, cells) + 3;
  }
  return y + 12;
}

/** How it is paid, and what the law or the seller wants said. */
function closing(pdf: Pdf, start: number, content: InvoiceContent): void {
  const { kind, number, dueDate, totals: sums, seller, notes, references, charged } = content;
  const isDue = kind === 'invoice' && sums.due.amount > 0;
  const words = [
    ...(isDue && charged
      ? [
          `You need not do anything: ${money(sums.due)} are charged to the payment method that you keep with us.`,
        ]
      : []),
    ...(isDue && !charged && seller.iban !== null
      ? [`Please pay ${money(sums.due)} by ${dueDate ?? 'return'} to ${seller.iban}, saying ${number ?? ''}.`]
      : []),
    ...(kind === 'invoice' && sums.due.amount === 0 && sums.gross.amount > 0
      ? ['It is paid; there is nothing left to be done.']
      : []),
    ...(references === null
      ? []
      : [`This credits invoice ${references.number} of ${references.issueDate} in the amounts above.`]),
    ...notes.map(printable).filter(Boolean),
  ];
  let y = start;
  pdf.font('text').fontSize(9);
  for (const text of words) {
    if (y + pdf.heightOfString(text, { width: WIDTH }) > BOTTOM) y = nextPage(pdf, content);
    pdf.fontSize(9);
    y = row(pdf, y, [{ text, x: LEFT, width: WIDTH }]) + 5;
  }
}

function footOf({ seller }: InvoiceContent): string[] {
  const { name, address, vatId, taxNumber, register, email, iban, bic } = seller;
  return [
    linesOf([name, ...addressOf(address)]),
    linesOf([
      ...(register === null ? [] : [register]),
      ...(vatId === null ? [] : [`VAT id ${vatId}`]),
      ...(taxNumber === null ? [] : [`Tax number ${taxNumber}`]),
      ...(email === null ? [] : [email]),
    ]),
    linesOf([
      ...(iban === null ? [] : [`IBAN ${iban.replace(/(.{4})(?=.)/g, '$1 ')}`]),
      ...(bic === null ? [] : [`BIC ${bic}`]),
    ]),
  ];
}

const linesOf = (texts: readonly string[]): string => texts.map(printable).filter(Boolean).join('\n');

function addressOf(address: InvoiceContent['seller']['address'] | null): string[] {
  if (address === null) return [];
  const { line1, line2, postalCode, city, region, country } = address;
  return [line1, line2 ?? '', `${postalCode ?? ''} ${city}`, [region, country].filter(Boolean).join(', ')]
    .map(printable)
    .filter(Boolean);
}

const taxName = ({ title, ratePpm }: InvoiceTax): string => {
  const name = printable(title);
  return name.includes('%') ? name : `${name} ${percent(ratePpm)}`;
};

const percent = (ratePpm: number): string => `${Number((ratePpm / 10_000).toFixed(4))} %`;

/** `1,234.50`: without the currency, which stands above the column. */
const amount = (json: MoneyJson): string => {
  const [units = ''] = Money.fromJSON(json).toString().split(' ');
  return units.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
};
const money = (json: MoneyJson): string => `${amount(json)} ${json.currency}`;
