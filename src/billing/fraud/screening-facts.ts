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

/** What is known of the attempt to pay an invoice, beside its money. */
export interface InvoiceScreeningInput {
  readonly network: string | null;
  readonly invoiceId: string;
  /** Whether nobody is signed in. */
  readonly guest: boolean;
}

/** Who tries with what. */
interface Trier {
  readonly customerId: string | null;
  readonly token: string | null;
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

  order(
    { network, ...known }: ScreeningInput,
    { amount, email, ...who }: Trier & { amount: Money; email: string | null },
  ): AttemptFacts {
    const disposableEmail = email !== null && isDisposable(email);
    return {
      ...this.keys(who, network),
      email: this.digest('email', email?.normalize('NFKC').trim().toLowerCase() ?? null),
      facts: { ...known, ...moneyOf(amount), kind: 'order', guest: who.customerId === null, disposableEmail },
    };
  }

  /** However many links an invoice has, they count as one. The customer is that of the invoice, whoever holds a link. */
  invoice(
    { network, invoiceId, guest }: InvoiceScreeningInput,
    { amount, ...who }: Trier & { amount: Money },
  ): AttemptFacts {
    return {
      ...this.keys(who, network),
      link: this.digest('link', invoiceId),
      facts: { ...NOTHING, ...moneyOf(amount), kind: 'invoice', guest },
    };
  }

  method(network: string | null, who: Trier): AttemptFacts {
    return { ...this.keys(who, network), facts: { ...NOTHING, kind: 'method', guest: false } };
  }

  /** Nobody is there: no network, and no address that somebody typed. */
  charge({ amount, ...who }: Trier & { amount: Money }): AttemptFacts {
    return { ...this.keys(who, null), facts: { ...NOTHING, ...moneyOf(amount), kind: 'charge' } };
  }

  private keys({ customerId, token }: Trier, network: string | null): ScreeningKeys {
    return {
      network: this.digest('network', network),
      email: null,
      customer: this.digest('customer', customerId),
      card: this.digest('card', token),
      link: null,
    };
  }

  /** The same for the same value, and of another kind another one. */
  digest(kind: VelocityKey, value: string | null): string | null {
    if (value === null) return null;
    return createHmac('sha256', this.key).update(`${kind} ${value}`).digest('base64url').slice(0, 24);
  }
}

const NOTHING = {
  ...{ amount: null, currency: null, shippingCountry: null, billingCountry: null },
  ...{ itemCount: null, guest: null, disposableEmail: null },
};

const moneyOf = ({ amount, currency }: Money) => ({ amount: amount.toString(), currency });
