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

export const invitationMail = defineMail('staff_invitation', ({ url }: { url: string }) => ({
  subject: 'You are invited to work here',
  paragraphs: [
    'An account was made for you. This link lets you set its password; it works once, for 72 hours.',
    'If you do not know why, do nothing.',
  ],
  action: { label: 'Set my password', url },
}));

export const customerInvitationMail = defineMail('customer_invitation', ({ url }: { url: string }) => ({
  subject: 'An account was made for you',
  paragraphs: [
    'We made an account for you in our store. This link lets you set its password; it works once, for 72 hours.',
    'If you do not know why, do nothing.',
  ],
  action: { label: 'Set my password', url },
}));

export const changeEmailMail = defineMail('change_email', ({ url }: { url: string }) => ({
  subject: 'Please confirm your new address',
  paragraphs: [
    'Somebody, perhaps you, wants to use this address for an account with us. The link works once, for an hour.',
    'If you did not ask for this, do nothing.',
  ],
  action: { label: 'Use this address', url },
}));

export const emailChangeAskedMail = defineMail('email_change_asked', ({ url }: { url: string }) => ({
  subject: 'Your account may get another address',
  paragraphs: [
    'Somebody who is signed in to your account asked to give it another address. Nothing is changed until that address is confirmed.',
    'If that was not you, set a new password now: it stops the change.',
  ],
  action: { label: 'Set a new password', url },
}));

export const emailChangedMail = defineMail('email_changed', () => ({
  subject: 'Your account has another address',
  paragraphs: [
    'The address of your account has just been changed, and this one no longer opens it. You were signed out everywhere else.',
    'If that was not you, write to us at once.',
  ],
}));

export const signedInAfterFailuresMail = defineMail(
  'signed_in_after_failures',
  ({ failures, url }: { failures: number; url: string }) => ({
    subject: 'Somebody signed in after several failed attempts',
    paragraphs: [
      `The right password of your account was just given, after ${failures} attempts with a wrong one.`,
      'If that was you, do nothing. If it was not, somebody has found out your password: set a new one now.',
    ],
    action: { label: 'Set a new password', url },
  }),
);

export const sessionStolenMail = defineMail('session_stolen', () => ({
  subject: 'We signed you out at one place',
  paragraphs: [
    'A sign-in of yours was used in a way that only a copy of it could be, so we ended it. You can sign in again.',
    'If this happens again, or you see places that you do not know in the list of your sessions, set a new password.',
  ],
}));

export const passwordChangedMail = defineMail('password_changed', () => ({
  subject: 'Your password was changed',
  paragraphs: [
    'Your password has just been changed, and you were signed out everywhere else. If that was not you, set a new password now.',
  ],
}));
