import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Config } from '../../platform/config.js';
import type { Database } from '../../platform/database/database.js';
import { BreachedPasswords } from './breached-passwords.port.js';
import { normalizePassword } from './password.rules.js';

const TIMEOUT_MS = 2_000;
/** So much of the hash is told: some thousand passwords begin with it. */
const TOLD = 5;

/** Asks nobody: the list of common passwords on this machine is one of the rules, which every password has passed. */
export class LocalBreachedPasswords extends BreachedPasswords {
  has(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/**
 * The range API of Have I Been Pwned. Only the first five hex digits of the password's SHA-1 leave the process; padded
 * answers hide from whoever watches the line how many passwords begin with them.
 */
export class HibpBreachedPasswords extends BreachedPasswords {
  private readonly log = new Logger('breached-passwords');

  constructor(
    private readonly url: string,
    private readonly database: Database,
  ) {
    super();
  }

  async has(password: string): Promise<boolean | null> {
    if (this.database.inTransaction) throw new Error('breaches are not asked for inside a transaction');
    const hash = createHash('sha1').update(normalizePassword(password)).digest('hex').toUpperCase();
    const suffixes = await this.range(hash.slice(0, TOLD));
    // What pads the answer was seen no times.
    return suffixes && (suffixes.get(hash.slice(TOLD)) ?? 0) > 0;
  }

  /** How often each password was seen, by the rest of its hash; null when there is no answer that can be read. */
  private async range(prefix: string): Promise<Map<string, number> | null> {
    try {
      const answer = await fetch(`${this.url}/range/${prefix}`, {
        headers: { 'add-padding': 'true', 'user-agent': 'guildhall' },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      const lines = (await answer.text()).matchAll(/^([\dA-F]{35}):(\d+)\r?$/gim);
      const counts = new Map(
        [...lines].map(([, suffix = '', count]) => [suffix.toUpperCase(), Number(count)]),
      );
      if (counts.size === 0) throw new Error('answered with something that is no list');
      return counts;
    } catch (error) {
      this.log.warn({ why: error instanceof Error ? error.message : 'no reason given' }, 'not asked');
      return null;
    }
  }
}

/** The one of BREACH_CHECK. */
export const breachedPasswordsOf = (config: Config, database: Database): BreachedPasswords =>
  config.breachCheck === 'hibp'
    ? new HibpBreachedPasswords(config.hibpUrl, database)
    : new LocalBreachedPasswords();
