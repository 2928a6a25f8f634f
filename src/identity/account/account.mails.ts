import { defineMail } from '../../platform/mail/templates.js';

export const verifyEmailMail = defineMail('verify_email', ({ url }: { url: string }) => ({
  subject: 'Please verify your address',
  paragraphs: [
    'Welcome. Please verify that this address is yours; the link works once, for 24 hours.',
    'If you did not ask for this, do nothing.',
  ],
  action: { label: 'Verify my address', url },
}));

export const accountExistsMail = defineMail('account_exists', ({ url }: { url: string }) => ({
  subject: 'You already have an account',
  paragraphs: [
    'Somebody, perhaps you, wanted to register with this address. You have an account already: sign in, or set a new password.',
  ],
  action: { label: 'Set a new password', url },
}));

export const resetPasswordMail = defineMail('reset_password', ({ url }: { url: string }) => ({
  subject: 'Set a new password',
  paragraphs: [
    'This link lets you set a new password. It works once, for 30 minutes.',
    'If you did not ask for it, do nothing: your password stays.',
  ],
  action: { label: 'Set a new password', url },
}));

export const passwordChangedMail = defineMail('password_changed', () => ({
  subject: 'Your password was changed',
  paragraphs: [
    'Your password has just been changed, and you were signed out everywhere. If that was not you, set a new password now.',
  ],
}));
