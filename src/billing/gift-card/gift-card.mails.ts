import { defineMail } from '../../platform/mail/templates.js';

/** What the letter needs; it is forgotten when the letter is sent. */
export interface GiftCardLetter {
  code: string;
  amount: string;
  name: string | null;
  message: string | null;
}

export const giftCardMail = defineMail<GiftCardLetter>('gift_card', ({ code, amount, name, message }) => ({
  subject: `A gift card of ${amount} for you`,
  paragraphs: [
    name === null ? 'Hello,' : `Hello ${name},`,
    `this is a gift card of ${amount}. Its code is:`,
    code,
    ...(message === null ? [] : [message]),
    'Keep this letter: nobody but you has the code.',
  ],
}));
