import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link opens: one file of one line, until a moment. */
export interface DownloadLink {
  /** Of its own for each time that the links are listed: a link that is used twice counts once. */
  linkId: string;
  orderId: string;
  lineId: string;
  fileId: string;
  expiresAt: Date;
}

const FIELDS = ['linkId', 'orderId', 'lineId', 'fileId'] as const;
const ID = 16;
const TIME = 6;
const BODY = FIELDS.length * ID + TIME;
const MAC = 16;

/** The link as text, signed: nobody makes one, or makes one last longer, without the key. */
export function writeLink(link: DownloadLink, key: Buffer): string {
  const body = Buffer.alloc(BODY);
  FIELDS.forEach((field, index) => body.write(link[field].replaceAll('-', ''), index * ID, 'hex'));
  body.writeUIntBE(link.expiresAt.getTime(), BODY - TIME, TIME);
  return Buffer.concat([body, mac(body, key)]).toString('base64url');
}

/** Null for what was not signed with this key. Whether its time is over is asked of the link. */
export function readLink(text: string, key: Buffer): DownloadLink | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== BODY + MAC) return null;
  const body = bytes.subarray(0, BODY);
  if (!timingSafeEqual(bytes.subarray(BODY), mac(body, key))) return null;
  const id = (index: number) => asUuid(body.toString('hex', index * ID, (index + 1) * ID));
  return {
    linkId: id(0),
    orderId: id(1),
    lineId: id(2),
    fileId: id(3),
    expiresAt: new Date(body.readUIntBE(BODY - TIME, TIME)),
  };
}

const mac = (body: Buffer, key: Buffer): Buffer =>
  createHmac('sha256', key).update('download\n').update(body).digest().subarray(0, MAC);

const asUuid = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
