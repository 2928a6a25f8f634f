import { defineMail } from '../../platform/mail/templates.js';

/** What the letters about a change need to know: plain data, kept until the letter is sent. */
export interface ChangeLetter {
  number: string;
  greeting: string;
  reason: string | null;
  /** What has changed, a line each. */
  contents: string;
  total: string;
  /** Empty when there is none. */
  due: string;
  refund: string;
  until: string | null;
}

export const orderChangedMail = defineMail<ChangeLetter>('order_changed', (letter) => ({
  subject: `Your order ${letter.number} was changed`,
  paragraphs: [
    letter.greeting,
    `we have changed your order ${letter.number}:`,
    letter.contents,
    ...(letter.reason === null ? [] : [letter.reason]),
    `It now comes to ${letter.total}.`,
    ...(letter.refund === ''
      ? []
      : [`You get ${letter.refund} back. Your bank may take a few days to show it.`]),
    ...(letter.due === ''
      ? []
      : [
          `${letter.due} of it is still to be paid, until ${letter.until}. What was added is sent after that.`,
        ]),
  ],
}));

export const changePaidMail = defineMail<{
  number: string;
  greeting: string;
  paid: string;
  contents: string;
  total: string;
}>('order_change_paid', ({ number, greeting, paid, contents, total }) => ({
  subject: `We have received your payment for order ${number}`,
  paragraphs: [
    greeting,
    `you have paid ${paid} for the change of your order ${number}:`,
    contents,
    `The order comes to ${total}.`,
  ],
}));

export const changeWithdrawnMail = defineMail<{ number: string; greeting: string; total: string }>(
  'order_change_withdrawn',
  ({ number, greeting, total }) => ({
    subject: `The addition to your order ${number} was taken off`,
    paragraphs: [
      greeting,
      `what was added to your order ${number} was not paid in time and is taken off again.`,
      `The order comes to ${total}.`,
    ],
  }),
);
