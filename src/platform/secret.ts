import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as base64url (43 signs): what opens something for whoever holds it. Kept is only its hash. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** SHA-256, by which a secret is kept and found again. No salt: nobody tries out 256 bits; a password needs more than this. */
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
