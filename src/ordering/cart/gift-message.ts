import { type FieldOptions, Paragraphs } from '../../platform/http/fields.js';
import { MAX_GIFT_MESSAGE } from './cart.js';

/** Words for whoever unpacks it: several lines of what can be seen, for they are printed. */
export const GiftMessage = (options: FieldOptions): PropertyDecorator =>
  Paragraphs({ max: MAX_GIFT_MESSAGE, example: 'Happy birthday!\nYour Ada', ...options });
