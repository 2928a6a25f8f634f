import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type PDFDocument from 'pdfkit';

export type Pdf = InstanceType<typeof PDFDocument>;

const { resolve } = createRequire(import.meta.url);
const fonts = new Map<string, Buffer>();

/** DejaVu: Latin, Greek and Cyrillic letters with all their accents, which the fonts of PDF itself do not have. */
function fontFile(name: string): Buffer {
  const file = fonts.get(name) ?? readFileSync(resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  fonts.set(name, file);
  return file;
}

/** A document on A4, drawn by `draw` with the fonts `text` and `bold`; as bytes. */
export async function drawPdf(title: string, at: Date, draw: (pdf: Pdf) => void): Promise<Buffer> {
  // With the first document: its tables of letters take longer to read than all that a start needs of the other libraries.
  const { default: Document } = await import('pdfkit');
  const pdf = new Document({
    size: 'A4',
    margin: 50,
    bufferPages: true,
    info: { Title: title, CreationDate: at, ModDate: at },
  });
  pdf.registerFont('text', fontFile('DejaVuSans')).registerFont('bold', fontFile('DejaVuSans-Bold'));
  const bytes = pdf.toArray() as Promise<Buffer[]>;
  pdf.font('text').fontSize(10);
  draw(pdf);
  pdf.end();
  return Buffer.concat(await bytes);
}
