import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import type { NamedKey } from '../../platform/secret-keys.js';
import { seal, unsealByRing } from '../../platform/sealed.js';

/** How addresses of those who wait are kept: sealed to be read, hashed to be found. */
@Injectable()
export class NoticeAddresses {
  private readonly sealing: [NamedKey, ...NamedKey[]];
  private readonly hashing: [NamedKey, ...NamedKey[]];

  constructor(config: Config) {
    this.sealing = config.keyRing('stock-notices');
    this.hashing = config.keyRing('stock-notice-hashes');
  }

  /** Of the present key, which seals what is new. */
  get keyId(): string {
    return this.sealing[0].id;
  }

  /** By every key that is known, the present one first; none for nobody. */
  hashes(email: string | null): [Buffer, ...Buffer[]] | [] {
    if (email === null) return [];
    const [present, ...former] = this.hashing;
    return [hash(present, email), ...former.map((key) => hash(key, email))];
  }

  seal(id: string, email: string): Buffer {
    return seal(this.sealing[0].key, email, placeOf(id));
  }

  open(id: string, sealed: Buffer): string {
    return unsealByRing(this.sealing, sealed, placeOf(id)).text;
  }

  /** For counting: says nothing of what was counted. */
  bucket(name: string): Buffer {
    return createHmac('sha256', this.hashing[0].key).update(`quota ${name}`).digest();
  }
}

const placeOf = (id: string): string => `catalog.stock_subscriptions|address|${id}`;

const hash = ({ key }: NamedKey, email: string): Buffer =>
  createHmac('sha256', key).update(email.normalize('NFKC').toLowerCase()).digest();
