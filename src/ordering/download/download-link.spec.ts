import { randomBytes } from 'node:crypto';
import { newId } from '../../platform/ids.js';
import { readLink, writeLink } from './download-link.js';

describe('a link to a download', () => {
  const key = randomBytes(32);
  const link = {
    linkId: newId(),
    orderId: newId(),
    lineId: newId(),
    fileId: newId(),
    expiresAt: new Date('2026-11-21T12:00:00.123Z'),
  };

  it('says what it opens and until when', () => {
    expect(readLink(writeLink(link, key), key)).toEqual(link);
  });

  it('is none when any bit of it is another one, or the key', () => {
    const bytes = Buffer.from(writeLink(link, key), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(readLink(other.toString('base64url'), key)).toBeNull();
    }
    expect(readLink(writeLink(link, key), randomBytes(32))).toBeNull();
    expect(readLink('', key)).toBeNull();
  });
});
