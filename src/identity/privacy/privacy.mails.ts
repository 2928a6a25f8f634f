import { defineMail } from '../../platform/mail/templates.js';

export const exportReadyMail = defineMail('personal_data_ready', ({ url }: { url: string }) => ({
  subject: 'What we keep about you',
  paragraphs: [
    'The copy of what we keep about you is ready. The link gives you one file and works once, for 24 hours; nobody else should have it.',
    'If neither you nor somebody whom you asked wanted this, do nothing: the file is deleted with the link.',
  ],
  action: { label: 'Download the file', url },
}));

interface Closing {
  /** Day of the erasure, `2026-12-05`. */
  on: string;
  /** What has to be done first. */
  hindrances: string[];
}

const putOff = (hindrances: string[]): string[] =>
  hindrances.length === 0
    ? []
    : [`Some things have to be finished first, and it waits for them: ${hindrances.join(' ')}`];

export const accountClosingMail = defineMail(
  'account_closing',
  ({ on, hindrances, byStaff }: Closing & { byStaff: boolean }) => ({
    subject: 'Your account is being closed',
    paragraphs: [
      `${byStaff ? 'We were asked to close your account' : 'You asked us to close your account'}, and have signed you out everywhere. On ${on} everything that we know about you is erased for good; of what you bought only what the books need is kept, without your name and address.`,
      ...putOff(hindrances),
      'If you change your mind, sign in before that day: then everything stays as it was. If you did not ask for this, sign in and set a new password.',
    ],
  }),
);

export const guestErasureMail = defineMail('guest_erasure', ({ on, hindrances }: Closing) => ({
  subject: 'Your data is being erased',
  paragraphs: [
    `We were asked to erase what we know about the owner of this address. On ${on} that is done; of what you bought only what the books need is kept, without your name and address.`,
    ...putOff(hindrances),
    'If you did not ask for this, write to us before that day.',
  ],
}));

export const erasureCanceledMail = defineMail('erasure_canceled', ({ byStaff }: { byStaff: boolean }) => ({
  subject: 'Your account stays',
  paragraphs: [
    byStaff
      ? 'Your account is not closed after all: we have taken that back, and nothing was erased.'
      : 'You have signed in, so your account is not closed, and nothing was erased.',
    'If that was not you, set a new password now.',
  ],
}));
