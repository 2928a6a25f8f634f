import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import type { Money } from '../../platform/money/money.js';
import { isDisposable } from './disposable-domains.js';
import type { Facts, VelocityKey } from './fraud-rule.js';

/** What ordering knows of an attempt beside its money. */
export interface ScreeningInput {
  /** One address (of IPv6 a /64); null when it says nothing of who pays. */
  readonly network: string | null;
  readonly shippingCountry: string | null;
  readonly billingCountry: string | null;
  /** Pieces, of all lines. */
  readonly itemCount: number;
}

/** By what an attempt is counted: digests that nobody without the key of the house can make. */
export type ScreeningKeys = Readonly<Record<VelocityKey, string | null>>;

export interface AttemptFacts extends ScreeningKeys {
  readonly facts: Facts;
}

/** What is kept of an attempt for its screening. Nothing of it says who somebody is or where they were. */
@Injectable()
export class ScreeningFacts {
  private readonly key: Buffer;

  constructor(config: Config) {
    this.key = config.key('screening');
  }

  of(
    input: ScreeningInput,
    attempt: { amount: Money; email: string | null; customerId: string | null; token: string | null },
  ): AttemptFacts {
    const { network, ...known } = input;
    const { amount, email, customerId, token } = attempt;
    return {
      network: this.digest('network', network),
      email: this.digest('email', email?.normalize('NFKC').trim().toLowerCase() ?? null),
      customer: this.digest('customer', customerId),
      card: this.digest('card', token),
      facts: {
        ...known,
        amount: amount.amount.toString(),
        currency: amount.currency,
        guest: customerId === null,
        disposableEmail: email !== null && isDisposable(email),
      },
    };
  }

  /** The same for the same value, and of another kind another one. */
  digest(kind: VelocityKey, value: string | null): string | null {
    if (value === null) return null;
    return createHmac('sha256', this.key).update(`${kind} ${value}`).digest('base64url').slice(0, 24);
  }
}
