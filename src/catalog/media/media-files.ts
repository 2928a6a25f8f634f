import { RENDITION_NAMES } from './picture.js';

/** Where a file of a picture lies in the store; names begin with the end of the id, since ids begin with the time. */
export const fileKey = (id: string, name: string): string => `media/${id.slice(-2)}/${id}-${name}`;

/** Every file that there may be of a picture. */
export const fileKeys = (id: string): string[] =>
  ['original', ...RENDITION_NAMES].map((name) => fileKey(id, name));
