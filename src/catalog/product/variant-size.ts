import { Integer, Text } from '../../platform/http/fields.js';
import { VariantKindInput } from './variant-kind.js';

/** Longest side of a piece. */
export const MAX_MM = 100_000;
export const SHIPPING_CLASS = /^[a-z][a-z0-9_-]{0,49}$/;
const SIDE = { min: 0, max: MAX_MM, optional: true } as const;

/** How large a variant is, and how it is handed over. */
export class VariantSizeInput extends VariantKindInput {
  @Integer({ ...SIDE, example: 380, description: 'Of one piece, packed; 0: not measured.' })
  lengthMm?: number;

  @Integer({ ...SIDE, example: 300 })
  widthMm?: number;

  @Integer({ ...SIDE, example: 20 })
  heightMm?: number;

  @Text({
    max: 50,
    optional: true,
    nullable: true,
    pattern: SHIPPING_CLASS,
    example: 'bulky',
    description: 'A word of your own, such as `bulky` or `hazardous`, that shipping methods ask for.',
  })
  shippingClass?: string | null;
}

export interface Size {
  lengthMm: number;
  widthMm: number;
  heightMm: number;
  shippingClass: string | null;
}

export const NEW_SIZE: Size = { lengthMm: 0, widthMm: 0, heightMm: 0, shippingClass: null };

/** What is not told stays as it is. */
export function sizeBecoming(
  present: Size,
  { lengthMm, widthMm, heightMm, shippingClass }: Partial<Size>,
): Size {
  return {
    lengthMm: lengthMm ?? present.lengthMm,
    widthMm: widthMm ?? present.widthMm,
    heightMm: heightMm ?? present.heightMm,
    shippingClass: shippingClass === undefined ? present.shippingClass : shippingClass,
  };
}
