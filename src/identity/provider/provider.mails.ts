import { defineMail } from '../../platform/mail/templates.js';

export const providerLinkedMail = defineMail('provider_linked', ({ title }: { title: string }) => ({
  subject: `You can sign in with ${title} now`,
  paragraphs: [
    `Your account was just linked to one at ${title}: whoever is signed in there can sign in here.`,
    'If that was not you, take the link away in your account, and set a new password.',
  ],
}));

export const providerUnlinkedMail = defineMail('provider_unlinked', ({ title }: { title: string }) => ({
  subject: `You can no longer sign in with ${title}`,
  paragraphs: [
    `The link between your account and one at ${title} was just taken away.`,
    'If that was not you, set a new password now.',
  ],
}));
