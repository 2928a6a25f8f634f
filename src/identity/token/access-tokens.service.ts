import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { newId } from '../../platform/ids.js';
import { seal, unseal } from '../../platform/sealed.js';
import { levelOf } from '../session/proof.js';
import { SigningKeyRepository, type SigningKeyRow } from './signing-key.repository.js';

/** Seconds that an access token lives. */
const LIFETIME = { customer: 600, staff: 300 } as const;
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

const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);

/** Access tokens after RFC 9068, signed with ES256 by a key that is kept sealed in the database. */
@Injectable()
export class AccessTokens implements OnModuleInit {
  private readonly sealKey: Buffer;
  readonly issuer: string;
  private active: { kid: string; key: KeyObject } | null = null;
  private publicKeys = new Map<string, { key: KeyObject; jwk: object }>();
  private loading: Promise<void> | null = null;

  constructor(
    private readonly keys: SigningKeyRepository,
    config: Config,
  ) {
    this.sealKey = config.key('signing-key');
    this.issuer = config.publicUrl;
  }

  async onModuleInit(): Promise<void> {
    await this.load();
    if (!this.active) {
      await this.makeKey();
      await this.load();
    }
  }

  async sign(session: Subject): Promise<{ token: string; expiresIn: number }> {
    if (!this.active) throw new Error('there is no signing key');
    const { id, accountId, kind, provedAt, methods, impersonatorId } = session;
    const expiresIn = LIFETIME[kind];
    const now = seconds(realNow());
    const token = await new SignJWT({
      sid: id,
      client_id: 'first-party',
      auth_time: seconds(provedAt),
      amr: methods,
      acr: `aal${levelOf(methods)}`,
      ...(impersonatorId !== null && { act: { sub: impersonatorId } }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: this.active.kid })
      .setIssuer(this.issuer)
      .setAudience(AUDIENCE)
      .setSubject(accountId)
      .setJti(newId())
      .setIssuedAt(now)
      .setExpirationTime(now + expiresIn)
      .sign(this.active.key);
    return { token, expiresIn };
  }

  /** Our public key of that id, or null. A key that another process made meanwhile is looked up once. */
  async publicKey(kid: string): Promise<KeyObject | null> {
    const known = this.publicKeys.get(kid);
    if (known) return known.key;
    await (this.loading ??= this.load().finally(() =>
      setTimeout(() => (this.loading = null), 5_000).unref(),
    ));
    return this.publicKeys.get(kid)?.key ?? null;
  }

  jwks(): { keys: object[] } {
    return { keys: [...this.publicKeys.values()].map(({ jwk }) => jwk) };
  }

  private async load(): Promise<void> {
    const rows = await this.keys.all();
    this.publicKeys = new Map(
      rows.map(({ kid, publicJwk }) => [
        kid,
        { key: createPublicKey({ key: publicJwk, format: 'jwk' }), jwk: publicJwk },
      ]),
    );
    const active = rows.find(({ state }) => state === 'active');
    this.active = active ? { kid: active.kid, key: this.open(active) } : null;
  }

  private async makeKey(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    const sealed = seal(this.sealKey, JSON.stringify(await exportJWK(privateKey)), kid);
    await this.keys.insertFirst(kid, { ...jwk, kid, alg: 'ES256', use: 'sig' }, sealed);
  }

  private open({ kid, privateSealed }: SigningKeyRow): KeyObject {
    const text = unseal(this.sealKey, privateSealed, kid);
    return createPrivateKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' });
  }
}
