import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { seal, unseal } from '../../platform/sealed.js';

/** Secrets of authenticator apps, which lie sealed in the row of their account and open nowhere else. */
@Injectable()
export class TotpSecrets {
  private readonly key: Buffer;

  constructor(config: Config) {
    this.key = config.key('totp');
  }

  seal(accountId: string, secret: Buffer): Buffer {
    return seal(this.key, secret.toString('base64'), placeOf(accountId));
  }

  open(accountId: string, sealed: Buffer): Buffer {
    return Buffer.from(unseal(this.key, sealed, placeOf(accountId)), 'base64');
  }
}

const placeOf = (accountId: string): string => `identity.totp_factors|secret_sealed|${accountId}`;
