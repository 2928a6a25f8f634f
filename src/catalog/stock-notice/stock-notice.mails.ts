import { defineMail } from '../../platform/mail/templates.js';

interface NoticeLetter {
  name: string;
  url: string;
}

export const waitingMail = defineMail<NoticeLetter & { cancelUrl: string }>(
  'stock_notice_waiting',
  ({ name, cancelUrl }) => ({
    subject: `We will tell you when ${name} is back`,
    paragraphs: [
      'Hello,',
      `somebody, most likely you, asked us to write to this address once, when ${name} can be bought again.`,
      'If it was not you, or you do not want it any more, one click ends it:',
    ],
    action: { label: 'Do not write to me', url: cancelUrl },
  }),
);

export const backMail = defineMail<NoticeLetter>('stock_notice_back', ({ name, url }) => ({
  subject: `${name} is back`,
  paragraphs: [
    'Hello,',
    `${name} can be bought again. We cannot hold it for you, so be quick.`,
    'This was the letter that you asked for; no other will follow.',
  ],
  action: { label: 'Have a look', url },
}));
