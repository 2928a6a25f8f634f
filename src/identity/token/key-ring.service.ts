import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { realNow } from '../../platform/clock.js';
import { BadSetting } from '../../platform/setting.js';
import { Config } from '../../platform/config.js';
import type { NamedKey } from '../../platform/secret-keys.js';
import { seal, unsealByRing } from '../../platform/sealed.js';
import { RETIRING_SECONDS } from './key-times.js';
import { type NewKey, SigningKeyRepository, type SigningKeyRow } from './signing-key.repository.js';

/** Every process knows within this time what another one did to the keys. */
const RELOAD_MS = 5_000;
/** Tokens with made-up key ids cause one look a second at the most. */
const UNKNOWN_MS = 1_000;

/** The signing keys as this process knows them, sealed in the database with a key of SECRET_KEY. */
@Injectable()
export class KeyRing implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger('keys');
  private readonly sealKeys: [NamedKey, ...NamedKey[]];
  private signing: { kid: string; key: KeyObject } | null = null;
  private publicKeys = new Map<string, { key: KeyObject; jwk: object }>();
  private loading: Promise<void> | null = null;
  private loadedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: SigningKeyRepository,
    config: Config,
  ) {
    this.sealKeys = config.keyRing('signing-key');
  }

  async onModuleInit(): Promise<void> {
    await this.load();
    if (!this.signing) await this.keys.insert('active', await this.make());
    await this.keys.insert('next', await this.make());
    await this.load();
    // A timer and not the next reader: that one may hold a connection that others wait for.
    this.timer = setInterval(() => {
      this.load().catch((error: unknown) => this.log.debug({ err: error }, 'keys not read'));
    }, RELOAD_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** The key that signs. */
  get active(): { kid: string; key: KeyObject } {
    if (!this.signing) throw new Error('there is no signing key');
    return this.signing;
  }

  /** Our public key of that id, or null. One that another process made meanwhile is looked up. */
  async publicKey(kid: string): Promise<KeyObject | null> {
    if (!this.publicKeys.has(kid) && realNow().getTime() - this.loadedAt > UNKNOWN_MS)
      await (this.loading ??= this.load().finally(() => (this.loading = null)));
    return this.publicKeys.get(kid)?.key ?? null;
  }

  jwks(): { keys: object[] } {
    return { keys: [...this.publicKeys.values()].map(({ jwk }) => jwk) };
  }

  /** A new pair, its private part sealed; it is nowhere yet. */
  async make(): Promise<NewKey> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    const privateSealed = seal(this.sealKeys[0].key, JSON.stringify(await exportJWK(privateKey)), kid);
    return { kid, publicJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' }, privateSealed };
  }

  /** Reads them anew: what this process did to them counts in it at once. */
  async load(): Promise<void> {
    const begun = realNow().getTime();
    const rows = await this.keys.known(RETIRING_SECONDS);
    // An earlier look that comes back later must not bring back what is gone.
    if (begun < this.loadedAt) return;
    this.loadedAt = begun;
    this.publicKeys = new Map(
      rows.map(({ kid, publicJwk }) => [
        kid,
        { key: createPublicKey({ key: publicJwk, format: 'jwk' }), jwk: publicJwk },
      ]),
    );
    const active = rows.find(({ state }) => state === 'active');
    this.signing = active ? { kid: active.kid, key: this.open(active) } : null;
  }

  /** Seals anew what the secret before had sealed, so that it can be forgotten; looks at nothing while there is none. */
  async sealAnew(): Promise<void> {
    if (this.sealKeys.length === 1) return;
    for (const { kid, privateSealed } of await this.keys.known(RETIRING_SECONDS)) {
      const opened = privateSealed && unsealByRing(this.sealKeys, privateSealed, kid);
      if (opened?.old)
        await this.keys.sealAnew(kid, privateSealed, seal(this.sealKeys[0].key, opened.text, kid));
    }
  }

  private unsealed(privateSealed: Buffer, kid: string): string {
    try {
      return unsealByRing(this.sealKeys, privateSealed, kid).text;
    } catch {
      throw new BadSetting(
        'SECRET_KEY',
        'this store was sealed with another one: use that (without SECRET_KEY it is in secret.key of DATA_DIR), or set it as SECRET_KEY_PREVIOUS',
      );
    }
  }

  private open({ kid, privateSealed }: SigningKeyRow): KeyObject {
    if (!privateSealed) throw new Error('the key that signs has no private part');
    const text = this.unsealed(privateSealed, kid);
    return createPrivateKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' });
  }
}
