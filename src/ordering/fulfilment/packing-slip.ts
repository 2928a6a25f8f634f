import { type Pdf } from '../../platform/pdf/pdf.js';

/** What the sheet in the parcel says. No prices: it may be a present. */
export interface PackingSlip {
  shop: string;
  /** Lines of the address that it goes back to; none when the shop has told none. */
  returnTo: readonly string[];
  number: string;
  placedOn: string;
  to: readonly string[];
  /** How it goes. */
  by: string;
  giftMessage: string | null;
  /** `parts`: what the buyer said of the pieces, and of a bundle what it is made of. */
  lines: readonly { quantity: number; sku: string; title: string; parts: readonly string[] }[];
  /** Pieces that come with another parcel, or have come. */
  elsewhere: readonly string[];
}

const LEFT = 50;
const WIDTH = 495;
const COLUMN = { quantity: LEFT, sku: LEFT + 45, title: LEFT + 185 };

export function drawPackingSlip(pdf: Pdf, slip: PackingSlip): void {
  pdf.font('bold').fontSize(16).text(slip.shop, LEFT, 50, { width: WIDTH });
  pdf.font('text').fontSize(9);
  if (slip.returnTo.length > 0) pdf.text(slip.returnTo.join(' · '), { width: WIDTH });
  pdf.moveDown(2);
  const top = pdf.y;
  pdf.fontSize(11).text(slip.to.join('\n'), LEFT, top, { width: 250 });
  const below = pdf.y;
  pdf.font('bold').text(`Order ${slip.number}`, LEFT + 300, top, { width: 195 });
  pdf.font('text').fontSize(9).text(slip.placedOn, { width: 195 });
  if (slip.by !== '') pdf.text(slip.by, { width: 195 });
  pdf.x = LEFT;
  pdf.y = Math.max(below, pdf.y) + 24;
  pdf.font('bold').fontSize(13).text('Packing slip', LEFT, pdf.y, { width: WIDTH });
  pdf.moveDown(0.5);
  row(pdf, 'bold', 'Qty', 'SKU', 'What');
  for (const { quantity, sku, title, parts } of slip.lines) {
    row(pdf, 'text', String(quantity), sku, title);
    for (const part of parts) row(pdf, 'text', '', '', part);
  }
  paragraph(pdf, 'With it comes a message', slip.giftMessage);
  paragraph(pdf, 'Not in this parcel', slip.elsewhere.length > 0 ? slip.elsewhere.join('\n') : null);
  paragraph(pdf, 'Returns go to', slip.returnTo.length > 0 ? slip.returnTo.join('\n') : null);
}

function row(pdf: Pdf, font: 'text' | 'bold', quantity: string, sku: string, title: string): void {
  pdf.font(font).fontSize(10);
  const [skuWidth, titleWidth] = [COLUMN.title - COLUMN.sku - 10, LEFT + WIDTH - COLUMN.title];
  const height = Math.max(
    pdf.heightOfString(sku || ' ', { width: skuWidth }),
    pdf.heightOfString(title, { width: titleWidth }),
  );
  roomFor(pdf, height);
  const { y } = pdf;
  if (quantity !== '') pdf.text(quantity, COLUMN.quantity, y, { width: 35, align: 'right' });
  if (sku !== '') pdf.text(sku, COLUMN.sku, y, { width: skuWidth });
  pdf.text(title, COLUMN.title, y, { width: titleWidth });
  pdf.x = LEFT;
  pdf.y = y + height + 5;
}

function paragraph(pdf: Pdf, heading: string, text: string | null): void {
  if (text === null) return;
  pdf.font('text').fontSize(10);
  roomFor(pdf, pdf.heightOfString(text, { width: WIDTH }) + 36);
  pdf.font('bold').text(heading, LEFT, pdf.y + 18, { width: WIDTH });
  pdf.font('text').text(text, LEFT, pdf.y + 3, { width: WIDTH });
}

/** What does not fit any more begins on the next page. */
function roomFor(pdf: Pdf, height: number): void {
  if (pdf.y + height <= pdf.page.height - pdf.page.margins.bottom) return;
  pdf.addPage();
  pdf.x = LEFT;
  pdf.y = pdf.page.margins.top;
}
