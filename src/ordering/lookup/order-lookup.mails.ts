import { defineMail } from '../../platform/mail/templates.js';

export const orderLookupMail = defineMail<{ number: string; code: string }>(
  'order_lookup',
  ({ number, code }) => ({
    subject: `Your code for order ${number}`,
    paragraphs: [
      'Hello,',
      `somebody wants to look at your order ${number}. If it is you, this is the code:`,
      code,
      'It can be used for a quarter of an hour. If it is not you, there is nothing to do.',
    ],
  }),
);
