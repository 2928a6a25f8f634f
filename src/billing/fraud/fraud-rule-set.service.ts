import { Injectable } from '@nestjs/common';
import type { FraudRule } from './fraud-rule.js';
import { FraudRuleRepository } from './fraud-rule.repository.js';

/** The rules that look at attempts, kept in memory. Whoever asks says of which set; that is read with the attempt anyway. */
@Injectable()
export class FraudRuleSet {
  private known: { version: number; rules: Promise<readonly FraudRule[]> } = {
    version: 0,
    rules: Promise.resolve([]),
  };

  constructor(private readonly rows: FraudRuleRepository) {}

  /** The rules of a set, or newer ones; the highest priority first. */
  async at(version: number): Promise<readonly FraudRule[]> {
    if (version > this.known.version) {
      const read = { version, rules: this.rows.active() };
      // What could not be read is read again by the next who asks.
      read.rules.catch(() => {
        if (this.known === read) this.known = { version: -1, rules: Promise.resolve([]) };
      });
      this.known = read;
    }
    return this.known.rules;
  }
}
