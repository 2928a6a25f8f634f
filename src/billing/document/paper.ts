import type { Pdf } from '../../platform/pdf/pdf.js';

export const LEFT = 50;
export const WIDTH = 495;
/** Where what is drawn ends, and the foot begins. */
export const BOTTOM = 750;

export interface Cell {
  readonly text: string;
  readonly x: number;
  readonly width: number;
  readonly align?: 'left' | 'right';
  readonly bold?: boolean;
}

/** Cells beside each other, as high as the highest of them; answers where the next row begins. */
export function row(pdf: Pdf, y: number, cells: readonly Cell[]): number {
  for (const { text, x, width, align = 'left', bold = false } of cells)
    pdf.font(bold ? 'bold' : 'text').text(text, x, y, { width, align });
  return y + rowHeight(pdf, cells);
}

export const rowHeight = (pdf: Pdf, cells: readonly Cell[]): number =>
  Math.max(
    ...cells.map(({ text, width, bold = false }) =>
      pdf.font(bold ? 'bold' : 'text').heightOfString(text || ' ', { width }),
    ),
  );

export const rule = (pdf: Pdf, y: number, width = 0.5): void => {
  pdf
    .moveTo(LEFT, y)
    .lineTo(LEFT + WIDTH, y)
    .lineWidth(width)
    .stroke('#888888');
};

/** What stands at the foot of every page; `page` gets its number and how many there are. */
export function foot(
  pdf: Pdf,
  columns: readonly string[],
  page: (number: number, of: number) => string,
): void {
  const { start, count } = pdf.bufferedPageRange();
  const width = WIDTH / columns.length;
  for (let index = start; index < start + count; index++) {
    pdf.switchToPage(index);
    // Below the margin a text would begin a page of its own.
    pdf.page.margins.bottom = 0;
    rule(pdf, BOTTOM + 8);
    pdf.font('text').fontSize(6.5).fillColor('#444444');
    columns.forEach((text, column) =>
      pdf.text(text, LEFT + column * width, BOTTOM + 13, { width: width - 8, lineGap: 1 }),
    );
    pdf.fontSize(7).text(page(index - start + 1, count), LEFT, 822, { width: WIDTH, align: 'right' });
    pdf.fillColor('#000000');
  }
}
