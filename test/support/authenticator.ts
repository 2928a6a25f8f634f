import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

interface Options {
  challenge: string;
  rp?: { id: string };
  rpId?: string;
  user?: { id: string };
}

/** What is wrong with an answer, on purpose. */
interface Wrong {
  origin?: string;
  challenge?: string;
  rpId?: string;
  userVerified?: boolean;
  userPresent?: boolean;
  counter?: number;
  userHandle?: string;
  id?: string;
}

const FLAGS = { present: 0x01, verified: 0x04, syncable: 0x08, backedUp: 0x10, attested: 0x40 };
const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();

/** A passkey on a device that has one: makes a P-256 key and signs with it as WebAuthn says (ES256, attestation none). */
export class SoftAuthenticator {
  readonly id = randomBytes(16).toString('base64url');
  private readonly key: KeyObject;
  private readonly coseKey: Buffer;
  private userHandle = '';
  counter = 0;

  /** `counts`: its counter grows with each use; many stay at nought. */
  constructor(
    readonly origin: string,
    private readonly kind: { counts?: boolean; syncable?: boolean } = {},
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = privateKey;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    this.coseKey = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
  }

  /** What `navigator.credentials.create()` gives, as JSON. */
  create({ challenge, rp, user }: Options, wrong: Wrong = {}) {
    this.userHandle = user?.id ?? '';
    const id = Buffer.from(this.id, 'base64url');
    const data = Buffer.concat([
      this.head(rp?.id ?? '', FLAGS.attested, wrong),
      Buffer.alloc(16),
      uint16(id.length),
      id,
      this.coseKey,
    ]);
    // {"fmt": "none", "attStmt": {}, "authData": data}
    const attestation = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      uint16(data.length),
      data,
    ]);
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
      response: {
        clientDataJSON: this.clientData('webauthn.create', challenge, wrong).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        transports: ['internal'],
        publicKeyAlgorithm: -7,
      },
    };
  }

  /** What `navigator.credentials.get()` gives, as JSON. */
  get({ challenge, rpId }: Options, wrong: Wrong = {}) {
    if (this.kind.counts) this.counter++;
    const data = this.head(rpId ?? '', 0, wrong);
    const client = this.clientData('webauthn.get', challenge, wrong);
    return {
      id: wrong.id ?? this.id,
      rawId: wrong.id ?? this.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(client)]), this.key).toString('base64url'),
        userHandle: wrong.userHandle ?? this.userHandle,
      },
    };
  }

  private head(rpId: string, more: number, wrong: Wrong): Buffer {
    const { userPresent = true, userVerified = true } = wrong;
    const flags =
      more |
      (userPresent ? FLAGS.present : 0) |
      (userVerified ? FLAGS.verified : 0) |
      (this.kind.syncable ? FLAGS.syncable | FLAGS.backedUp : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(wrong.counter ?? this.counter);
    return Buffer.concat([sha256(wrong.rpId ?? rpId), Buffer.of(flags), counter]);
  }

  private clientData(type: string, challenge: string, wrong: Wrong): Buffer {
    return Buffer.from(
      JSON.stringify({
        type,
        challenge: wrong.challenge ?? challenge,
        origin: wrong.origin ?? this.origin,
        crossOrigin: false,
      }),
    );
  }
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
