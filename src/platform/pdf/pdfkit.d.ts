/** As much of pdfkit as we use. Lengths are points, 72 to the inch. */
declare module 'pdfkit' {
  import type { Readable } from 'node:stream';

  export interface TextOptions {
    width?: number;
    align?: 'left' | 'center' | 'right';
    lineGap?: number;
    lineBreak?: boolean;
    continued?: boolean;
  }

  interface PDFDocument extends Readable {
    x: number;
    y: number;
    readonly page: {
      width: number;
      height: number;
      margins: { top: number; bottom: number; left: number; right: number };
    };
    registerFont(name: string, source: Buffer): this;
    font(name: string): this;
    fontSize(size: number): this;
    text(text: string, options?: TextOptions): this;
    text(text: string, x: number, y: number, options?: TextOptions): this;
    heightOfString(text: string, options?: TextOptions): number;
    widthOfString(text: string): number;
    moveDown(lines?: number): this;
    moveTo(x: number, y: number): this;
    lineTo(x: number, y: number): this;
    lineWidth(width: number): this;
    stroke(color?: string): this;
    fillColor(color: string): this;
    addPage(): this;
    bufferedPageRange(): { start: number; count: number };
    switchToPage(page: number): this;
    /** Lies in the document as a file of its own. */
    file(
      source: Buffer,
      options: {
        name: string;
        type: string;
        description: string;
        creationDate: Date;
        modifiedDate: Date;
        relationship: 'Alternative';
      },
    ): this;
    /** RDF descriptions, added to the metadata as they are. */
    appendXML(xml: string): void;
    end(): void;
  }

  const PDFDocument: new (options: {
    size?: string;
    margin?: number;
    bufferPages?: boolean;
    info?: Record<string, unknown>;
    subset?: 'PDF/A-3b';
    pdfVersion?: '1.3' | '1.7';
  }) => PDFDocument;
  export default PDFDocument;
}
