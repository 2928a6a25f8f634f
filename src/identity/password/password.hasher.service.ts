import { createHmac } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { Config } from '../../platform/config.js';
import type { NamedKey } from '../../platform/secret-keys.js';
import { Database } from '../../platform/database/database.js';
import { identityProblems } from '../identity.errors.js';
import { normalizePassword } from './password.rules.js';

/** argon2id, the minimum of OWASP's password storage cheat sheet. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
const PREFIX = '$argon2id$v=19$m=19456,t=2,p=1$';
/** Waiting for a turn; more are told to come back. */
const QUEUE = 32;

/** A hash as it is kept: the name of its pepper, and what argon2 gives. Those of the first version name none. */
const KEPT = /^(?:p=([\da-f]{8}))?(\$argon2.+)$/;

/**
 * Hashes and checks passwords, a few at a time: each takes 19 MiB and a core for some ten milliseconds. Every password is
 * peppered with a key of SECRET_KEY, whose name stands before the hash: so the secret can be replaced.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  /** The present one first. */
  private readonly peppers: [NamedKey, ...NamedKey[]];
  private readonly slots: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy = '';

  constructor(
    private readonly database: Database,
    config: Config,
  ) {
    this.peppers = config.keyRing('pepper');
    this.slots = config.hashConcurrency;
  }

  /** Made before the first sign-in, which would otherwise take twice as long for an unknown address. */
  async onModuleInit(): Promise<void> {
    this.dummy = await this.hash('nobody has this password');
  }

  async hash(password: string): Promise<string> {
    const [present] = this.peppers;
    return `p=${present.id}${await this.turn(() => hash(peppered(password, present), PARAMETERS))}`;
  }

  /** Throws when the queue is full. */
  requireRoom(): void {
    if (this.running >= this.slots && this.waiting.length >= QUEUE)
      throw identityProblems.busy(undefined, { retryAfter: 1 });
  }

  /** Checks against the hash, or against a made-up one when there is no account: both take the same time. */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const known = stored === null ? null : this.read(stored);
    const { phc, pepper } = known ?? this.read(this.dummy) ?? this.nothing();
    const right = await this.turn(() => verify(phc, peppered(password, pepper)));
    return right && known !== null;
  }

  /** The stored hash was made with other parameters than today's, or with the pepper of the secret before. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(`p=${this.peppers[0].id}${PREFIX}`);
  }

  /** Null when the pepper is not known any more: then no password is right. */
  private read(stored: string): { phc: string; pepper: NamedKey } | null {
    const [, id, phc = ''] = KEPT.exec(stored) ?? [];
    // Those without a name are older than any secret that replaced another.
    const pepper = id === undefined ? this.peppers.at(-1) : this.peppers.find((each) => each.id === id);
    return pepper && phc !== '' ? { phc, pepper } : null;
  }

  private nothing(): never {
    throw new Error('a password was checked before the start was over');
  }

  private async turn<T>(work: () => Promise<T>): Promise<T> {
    // It would keep a connection from others for as long as the queue is.
    if (this.database.inTransaction) throw new Error('passwords are not hashed inside a transaction');
    this.requireRoom();
    if (this.running >= this.slots) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

function peppered(password: string, { key }: NamedKey): string {
  // As text: the library checks against text only.
  return createHmac('sha256', key).update(normalizePassword(password)).digest('base64');
}
