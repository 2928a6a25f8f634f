/** As much of pdfkit as we use. Lengths are points, 72 to the inch. */
declare module 'pdfkit' {
  import type { Readable } from 'node:stream';

  export interface TextOptions {
    width?: number;
    align?: 'left' | 'center' | 'right';
    lineGap?: number;
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
    end(): void;
  }

  const PDFDocument: new (options: {
    size?: string;
    margin?: number;
    bufferPages?: boolean;
    info?: Record<string, unknown>;
  }) => PDFDocument;
  export default PDFDocument;
}
