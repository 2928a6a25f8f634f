import { createHmac } from 'node:crypto';

/** By which an open request of the same address is found again; says nothing to whoever reads the table. */
export const guestHash = (key: Buffer, email: string): Buffer =>
  createHmac('sha256', key).update(email).digest();

/** Where the address of somebody without an account is sealed. */
export const guestPlace = (table: 'exports' | 'erasures', id: string): string =>
  `identity.${table}|guest_email|${id}`;
