import { randomBytes } from 'node:crypto';
import { CROCKFORD } from './base32.js';

export const RECOVERY_CODES = 10;

export interface RecoveryCode {
  /** Which of the ten: so one try costs one hash. */
  number: number;
  /** Fifty random bits. */
  secret: string;
}

/** Ten of them, numbered from one. */
export const newRecoveryCodes = (): RecoveryCode[] =>
  Array.from({ length: RECOVERY_CODES }, (_, index) => ({
    number: index + 1,
    secret: [...randomBytes(10)].map((byte) => CROCKFORD[byte & 31]).join(''),
  }));

/** `NN-XXXXX-XXXXX`, as it is printed. */
export const printed = ({ number, secret }: RecoveryCode): string =>
  `${String(number).padStart(2, '0')}-${secret.slice(0, 5)}-${secret.slice(5)}`;

/** What somebody typed, in whatever case, with or without signs between; null when it cannot be one. */
export function readRecoveryCode(text: string): RecoveryCode | null {
  const typed = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  const [, number, secret] = /^(\d\d)([\dA-HJKMNP-TV-Z]{10})$/.exec(typed) ?? [];
  return secret === undefined ? null : { number: Number(number), secret };
}
