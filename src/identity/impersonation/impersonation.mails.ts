import { defineMail } from '../../platform/mail/templates.js';

export const impersonationStartedMail = defineMail(
  'impersonation_started',
  ({ reason, url }: { reason: string; url: string }) => ({
    subject: 'Somebody of our staff opened your account',
    paragraphs: [
      `A member of our staff is acting in your account, for 15 minutes at the most. The reason given: ${reason}`,
      'Passwords, second factors, payments and whatever else is yours alone stay closed. You can see this in the list of your sessions, and end it there.',
      'If you did not expect this, write to us.',
    ],
    action: { label: 'My sessions', url },
  }),
);
