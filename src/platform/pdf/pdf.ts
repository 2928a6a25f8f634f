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

/** A file that a document carries, such as the data that it shows. */
export interface CarriedFile {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly bytes: Buffer;
  /** RDF descriptions of it, for the metadata of the document. */
  readonly metadata: string;
}

/**
 * A document on A4, drawn by `draw` with the fonts `text` and `bold`; as bytes, which are the same for the same arguments. With a file
 * it is one to be archived, PDF/A-3b. Letters that DejaVu has not, such as Chinese ones, are drawn as empty boxes.
 */
export async function drawPdf(
  title: string,
  at: Date,
  draw: (pdf: Pdf) => void,
  carried: CarriedFile | null = null,
): Promise<Buffer> {
  // With the first document: its tables of letters take longer to read than all that a start needs of the other libraries.
  const { default: Document } = await import('pdfkit');
  const pdf = new Document({
    size: 'A4',
    margin: 50,
    bufferPages: true,
    info: { Title: title, CreationDate: at, ModDate: at },
    ...(carried === null ? {} : { subset: 'PDF/A-3b', pdfVersion: '1.7' }),
  });
  pdf.registerFont('text', fontFile('DejaVuSans')).registerFont('bold', fontFile('DejaVuSans-Bold'));
  const bytes = pdf.toArray() as Promise<Buffer[]>;
  pdf.font('text').fontSize(10);
  draw(pdf);
  if (carried !== null) {
    const { name, type, description } = carried;
    const dates = { creationDate: at, modifiedDate: at };
    const options = { name, type, description, ...dates, relationship: 'Alternative' as const };
    pdf.file(carried.bytes, options);
    pdf.appendXML(carried.metadata);
  }
  pdf.end();
  return Buffer.concat(await bytes);
}
