import { createHmac } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { Config } from '../../platform/config.js';
import { identityProblems } from '../identity.errors.js';
import { normalizePassword } from './password.rules.js';

/** argon2id, the minimum of OWASP's password storage cheat sheet. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
const PREFIX = '$argon2id$v=19$m=19456,t=2,p=1$';
/** Waiting for a turn; more are told to come back. */
const QUEUE = 32;

/** Hashes and checks passwords, a few at a time: each takes 19 MiB and a core for some ten milliseconds. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly pepper: Buffer;
  private readonly slots: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy = '';

  constructor(config: Config) {
    this.pepper = config.key('pepper');
    this.slots = config.hashConcurrency;
  }

  /** Made before the first sign-in, which would otherwise take twice as long for an unknown address. */
  async onModuleInit(): Promise<void> {
    this.dummy = await this.hash('nobody has this password');
  }

  hash(password: string): Promise<string> {
    return this.turn(() => hash(this.peppered(password), PARAMETERS));
  }

  /** Throws when the queue is full. */
  requireRoom(): void {
    if (this.running >= this.slots && this.waiting.length >= QUEUE)
      throw identityProblems.busy(undefined, { retryAfter: 1 });
  }

  /** Checks against the hash, or against a made-up one when there is no account: both take the same time. */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const right = await this.turn(() => verify(stored ?? this.dummy, this.peppered(password)));
    return right && stored !== null;
  }

  /** The stored hash was made with weaker parameters than today's. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(PREFIX);
  }

  private peppered(password: string): string {
    // As text: the library checks against text only.
    return createHmac('sha256', this.pepper).update(normalizePassword(password)).digest('base64');
  }

  private async turn<T>(work: () => Promise<T>): Promise<T> {
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
