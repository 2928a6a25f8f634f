import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import type { NamedKey } from '../../platform/secret-keys.js';
import { seal, unsealByRing } from '../../platform/sealed.js';
import { FactorRepository } from './factor.repository.js';

/** So many secrets are looked at together when they are sealed anew. */
const BATCH = 500;

/** Secrets of authenticator apps, which lie sealed in the row of their account and open nowhere else. */
@Injectable()
export class TotpSecrets {
  private readonly log = new Logger('totp');
  private readonly ring: [NamedKey, ...NamedKey[]];

  constructor(
    private readonly factors: FactorRepository,
    config: Config,
  ) {
    this.ring = config.keyRing('totp');
  }

  seal(accountId: string, secret: Buffer): Buffer {
    return seal(this.ring[0].key, secret.toString('base64'), placeOf(accountId));
  }

  open(accountId: string, sealed: Buffer): Buffer {
    return Buffer.from(unsealByRing(this.ring, sealed, placeOf(accountId)).text, 'base64');
  }

  /** Seals anew what the secret before had sealed, so that it can be forgotten; looks at nothing while there is none. */
  async sealAnew(): Promise<void> {
    if (this.ring.length === 1) return;
    for (let after: string | null = null; ;) {
      const rows = await this.factors.sealed(after, BATCH);
      for (const { accountId, sealed } of rows) {
        const anew = this.anew(accountId, sealed);
        if (anew) await this.factors.sealAnew(accountId, sealed, anew);
      }
      if (rows.length < BATCH) return;
      after = rows.at(-1)?.accountId ?? null;
    }
  }

  private anew(accountId: string, sealed: Buffer): Buffer | null {
    try {
      const { text, old } = unsealByRing(this.ring, sealed, placeOf(accountId));
      return old ? seal(this.ring[0].key, text, placeOf(accountId)) : null;
    } catch {
      // One that no key opens must not keep the others from being sealed anew.
      this.log.warn({ accountId }, 'the secret of an authenticator app cannot be opened');
      return null;
    }
  }
}

const placeOf = (accountId: string): string => `identity.totp_factors|secret_sealed|${accountId}`;
