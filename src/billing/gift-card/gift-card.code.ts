import { randomBytes } from 'node:crypto';
import { hashOf } from '../../platform/secret.js';

/** Without the letters that are read as others: I, L, O, U. */
const SIGNS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 20;
const GROUP = 4;

/** A code of 100 random bits in groups of four, to be typed by people: `7K3M-0QXA-…`. */
export function newCode(): string {
  const signs = [...randomBytes(LENGTH)].map((byte) => SIGNS[byte % SIGNS.length]);
  return Array.from({ length: LENGTH / GROUP }, (_, at) =>
    signs.slice(at * GROUP, (at + 1) * GROUP).join(''),
  ).join('-');
}

/** The same code however it is typed: in small letters, without its hyphens, with an O for a zero. */
export const plainCode = (code: string): string =>
  code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');

/** What is kept of a code. Under no key: nobody tries out 100 bits, and a card outlives every change of SECRET_KEY. */
export const hashOfCode = (code: string): Buffer => hashOf(plainCode(code));
