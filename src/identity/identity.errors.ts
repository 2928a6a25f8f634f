import { defineProblems } from '../platform/http/problem.js';

export const identityProblems = defineProblems('identity', {
  invalid_credentials: {
    status: 401,
    title: 'Address or password is wrong',
    meaning: 'The address is unknown, the password is wrong, or the account may not sign in.',
    remedy: 'Check both, or reset the password.',
  },
  email_unverified: {
    status: 403,
    title: 'The address is not verified',
    meaning: 'The password is right, but the address has not been verified yet.',
    remedy: 'Follow the link in the mail, or ask for another: POST /v1/auth/email/verification.',
  },
  too_many_attempts: {
    status: 429,
    headers: ['Retry-After'],
    title: 'Too many attempts',
    meaning:
      'There were too many failed attempts for this address, from this network, or with this challenge.',
    remedy:
      'Wait as long as `Retry-After` says, or reset the password. A sign-in whose challenge took its five codes is begun anew.',
  },
  busy: {
    status: 503,
    headers: ['Retry-After'],
    title: 'Too many sign-ins at once',
    meaning: 'The queue for checking passwords is full.',
    remedy: 'Repeat after `Retry-After`.',
  },
  invalid_refresh_token: {
    status: 401,
    title: 'The refresh token is not valid',
    meaning: 'It is unknown, expired, revoked, or was used before.',
    remedy: 'Sign in again.',
  },
  invalid_or_expired_token: {
    status: 400,
    title: 'The link is not valid',
    meaning: 'It is unknown, expired or was used before.',
    remedy: 'Ask for a new mail.',
  },
  oidc_failed: {
    status: 400,
    title: 'The sign-in with the provider failed',
    meaning:
      'What came back does not fit what was asked, comes from another browser, is too old, or was used before; or the provider refused.',
    remedy: 'Start again: GET /v1/auth/oidc/{code}/start.',
  },
  provider_unavailable: {
    status: 503,
    headers: ['Retry-After'],
    title: 'The provider does not answer',
    meaning: 'The provider that should say who somebody is cannot be used at the moment.',
    remedy: 'Start again after `Retry-After`, or sign in another way.',
  },
  link_required: {
    status: 409,
    title: 'There is an account with this address',
    meaning:
      'The provider vouches for an address that has an account, which was never linked to the provider. They are not joined by themselves.',
    remedy: 'Sign in to the account first, then link: POST /v1/me/providers/{code}/link.',
  },
  address_required: {
    status: 409,
    title: 'The provider vouches for no address',
    meaning: 'An account needs a verified address, and the provider says of none that it has verified it.',
    remedy: 'Verify the address at the provider, or register with a password.',
  },
  already_linked: {
    status: 409,
    title: 'Linked to something else',
    meaning: 'The account has another identity of this provider, or the identity opens another account.',
    remedy: 'Take the other link away first: DELETE /v1/me/providers/{code}.',
  },
  last_way_in: {
    status: 409,
    title: 'The last way to sign in',
    meaning: 'Without this link nothing would open the account any more.',
    remedy: 'Set a password first (POST /v1/auth/password/forgot), or link another provider.',
  },
  invalid_client: {
    status: 401,
    title: 'Unknown client',
    meaning:
      'The id of the key or the key is wrong, expired, revoked, or not for this address; or there was none.',
    remedy: 'Send id and key by Basic authentication or as `client_id` and `client_secret`.',
  },
  invalid_grant: {
    status: 400,
    title: 'Unknown grant',
    meaning: 'Tokens are given for `client_credentials` alone; people sign in at POST /v1/auth/login.',
    remedy: 'Send `grant_type=client_credentials`.',
  },
  invalid_scope: {
    status: 400,
    title: 'More than the key may do',
    meaning:
      'The key does not have one of these scopes, its creator may not do it any more, or nothing is left.',
    remedy: 'Ask for less, or leave `scope` out to get all that the key may do.',
  },
  unknown_permission: {
    status: 422,
    title: 'Unknown permission',
    meaning: 'No operation asks for one of these permissions.',
    remedy: 'Use those of GET /v1/admin/permissions.',
  },
  unknown_role: {
    status: 422,
    title: 'Unknown role',
    meaning: 'One of the roles does not exist.',
    remedy: 'Use those of GET /v1/admin/roles.',
  },
  rotated_recently: {
    status: 409,
    headers: ['Retry-After'],
    title: 'The keys were changed a moment ago',
    meaning:
      'The next signing key has not been published long enough to sign, or somebody has just replaced all keys.',
    remedy:
      'Look at GET /v1/admin/signing-keys, and repeat in ten minutes (`Retry-After`) when it is still wanted.',
  },
  role_built_in: {
    status: 409,
    title: 'The role cannot be changed',
    meaning: 'The administrator may always do everything, so that a store cannot lock itself out.',
    remedy: 'Make a role of your own.',
  },
  role_in_use: {
    status: 409,
    title: 'Somebody has the role',
    meaning: 'A role that people have is not deleted.',
    remedy: 'Give them other roles first: PATCH /v1/admin/staff/{id}.',
  },
  customers_only: {
    status: 403,
    title: 'Only customers',
    meaning: 'Nobody acts in the place of a colleague.',
    remedy: 'Ask an administrator for a role that permits what you want to do.',
  },
  not_yourself: {
    status: 403,
    title: 'Not for yourself',
    meaning: 'Nobody changes his own roles, disables himself or removes his own second factors this way.',
    remedy: 'Ask a colleague.',
  },
  last_administrator: {
    status: 409,
    title: 'The last administrator',
    meaning: 'Nobody else could do everything any more.',
    remedy: 'Make another administrator first, who has signed in.',
  },
  not_invited: {
    status: 409,
    title: 'There is no open invitation',
    meaning: 'The invitation was taken, or the account is disabled.',
    remedy: 'Disable the account to keep somebody out; a lost password is set anew by mail.',
  },
  wrong_password: {
    status: 400,
    title: 'The present password is wrong',
    meaning: 'What was asked for is done only with the present password, and another was sent.',
    remedy: 'Send the present password, or set a new one by mail.',
  },
  invalid_code: {
    status: 401,
    title: 'The code is not valid',
    meaning: 'The code is wrong, too old, or was used before.',
    remedy: 'Send the code that the app shows now, or an unused recovery code.',
  },
  challenge_expired: {
    status: 410,
    title: 'The sign-in took too long',
    meaning: 'The challenge is unknown, was used, or is older than five minutes.',
    remedy: 'Sign in with the password again.',
  },
  wrong_code: {
    status: 400,
    title: 'The code is wrong',
    meaning: 'The code is wrong, too old, or was used before; or there is nothing that it could confirm.',
    remedy: 'Send the code that the app shows now.',
  },
  totp_present: {
    status: 409,
    title: 'There is an authenticator app already',
    meaning: 'An account has one authenticator app.',
    remedy: 'Remove it first.',
  },
  no_second_factor: {
    status: 409,
    title: 'There is no second factor',
    meaning: 'The account has no second factor, so there are no recovery codes for it and nothing to remove.',
    remedy: 'Add an authenticator app or a passkey.',
  },
  invalid_assertion: {
    status: 400,
    title: 'The passkey was not accepted',
    meaning:
      'The answer of the authenticator belongs to another challenge, origin or account, is not signed by a passkey of ours, or its user was not verified.',
    remedy: 'Get new options and ask the authenticator again.',
  },
  too_many_passkeys: {
    status: 409,
    title: 'Too many passkeys',
    meaning: 'An account has ten passkeys at the most.',
    remedy: 'Remove one that is not used any more.',
  },
  second_factor_required: {
    status: 403,
    ofPermissions: 'granted',
    title: 'Staff need a second factor',
    meaning: 'The session was opened with one factor, and this shop asks its staff for two.',
    remedy:
      'Add an authenticator app (POST /v1/me/mfa/totp) or a passkey, or show the one that you have: POST /v1/auth/step-up.',
  },
  password_change_required: {
    status: 403,
    ofPermissions: 'any',
    title: 'The password must be changed first',
    meaning:
      'Somebody else knows or has made the present password; until it is changed, the session serves for nothing else.',
    remedy: 'Set a password of your own with `POST /v1/me/password`; the same session goes on.',
  },
  too_many_addresses: {
    status: 422,
    title: 'The address book is full',
    meaning: 'Somebody keeps at most fifty addresses.',
    remedy: 'Change or delete one of those that are there.',
  },
  default_address_needed: {
    status: 422,
    title: 'One address has to be the default',
    meaning: 'Exactly one address of a book is the default for goods, and one for invoices.',
    remedy: 'Make another address the default; this one is none any more then.',
  },
  unknown_group: {
    status: 422,
    title: 'Unknown customer group',
    meaning: 'One of the customer groups does not exist.',
    remedy: 'Use the codes of GET /v1/admin/customer-groups.',
  },
  group_in_use: {
    status: 409,
    title: 'The group has members',
    meaning: 'Prices and promotions may count on a group, so it goes only when nobody is in it any more.',
    remedy: 'Take its members out first: `GET /v1/admin/customers?group=` lists them.',
  },
  account_disabled: {
    status: 409,
    title: 'The account is disabled',
    meaning:
      'Nobody may sign in with it, so a link to set a password, a removal of second factors or acting in its place would serve nothing.',
    remedy: 'Enable it first, with `PATCH /v1/admin/customers/{id}`.',
  },
  staff_account: {
    status: 409,
    title: 'The account of somebody who works here',
    meaning: 'Accounts of staff are not closed and erased like those of customers.',
    remedy: 'Disable it instead: PATCH /v1/admin/staff/{id}.',
  },
  erasure_started: {
    status: 409,
    title: 'The erasure has begun',
    meaning: 'The days of grace are over, and some of what was known is erased already.',
    remedy: 'It cannot be taken back; the person can make a new account.',
  },
  password_blocked: {
    status: 400,
    title: 'The password is too easy to guess',
    meaning:
      'It is short, common, made of your address, our name or words that are tried first here, or known from a breach; `errors` names the reason.',
    remedy: 'Choose a longer one; four random words are good.',
  },
});
