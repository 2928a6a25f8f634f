import { defineMail } from '../../platform/mail/templates.js';

/** What the letter needs to know: nothing in it was written by whoever filled the cart. */
export interface CartLetter {
  contents: string;
  url: string;
  stopUrl: string;
  /** Of customers who agreed to letters about offers: ends all of those. */
  withdrawalUrl: string | null;
}

export const cartReminderMail = defineMail<CartLetter>(
  'cart_reminder',
  ({ contents, url, stopUrl, withdrawalUrl }) => ({
    subject: 'Your cart is still here',
    paragraphs: [
      'Hello,',
      'you have left something in your cart:',
      contents,
      'Nothing of it is held for you; prices are those of the day on which you order.',
      `If you want no more letters about carts:\n${stopUrl}`,
      ...(withdrawalUrl === null
        ? []
        : [`If you want no more letters about offers at all:\n${withdrawalUrl}`]),
    ],
    action: { label: 'Open the cart', url },
  }),
);
