import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { newId } from '../../platform/ids.js';
import { levelOf } from '../session/proof.js';
import { KeyRing } from './key-ring.service.js';
import { LIFETIME } from './key-times.js';

export const AUDIENCE = 'guildhall';

/** Whose token it is, and what the session proves of it. */
interface Subject {
  id: string;
  accountId: string;
  kind: 'customer' | 'staff';
  provedAt: Date;
  methods: readonly string[];
  impersonatorId: string | null;
}

interface Signed {
  token: string;
  /** Seconds. */
  expiresIn: number;
}

const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);

/** Access tokens after RFC 9068, signed with ES256. */
@Injectable()
export class AccessTokens {
  readonly issuer: string;

  constructor(
    private readonly ring: KeyRing,
    config: Config,
  ) {
    this.issuer = config.publicUrl;
  }

  /** For somebody who is signed in. */
  sign(session: Subject): Promise<Signed> {
    const { id, accountId, kind, provedAt, methods, impersonatorId } = session;
    const claims = {
      sid: id,
      client_id: 'first-party',
      auth_time: seconds(provedAt),
      amr: methods,
      acr: `aal${levelOf(methods)}`,
      ...(impersonatorId !== null && { act: { sub: impersonatorId } }),
    };
    return this.issue(accountId, claims, LIFETIME[impersonatorId === null ? kind : 'impersonation']);
  }

  /** For a program that has shown its key; it may do at the most what `scopes` says, until the key ends at the latest. */
  signForMachine(keyId: string, scopes: readonly string[], keyEndsAt: Date): Promise<Signed> {
    const left = seconds(keyEndsAt) - seconds(realNow());
    const claims = { client_id: keyId, scope: scopes.join(' ') };
    return this.issue(keyId, claims, Math.max(1, Math.min(LIFETIME.machine, left)));
  }

  private async issue(subject: string, claims: object, expiresIn: number): Promise<Signed> {
    const { kid, key } = this.ring.active;
    const now = seconds(realNow());
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .setIssuer(this.issuer)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setJti(newId())
      .setIssuedAt(now)
      .setExpirationTime(now + expiresIn)
      .sign(key);
    return { token, expiresIn };
  }
}
