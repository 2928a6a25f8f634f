import type { Book } from './test-gateway.book.js';
import type { SettlementKnobs } from './test-gateway.settlement.js';
import type { WebhookKnobs } from './test-gateway.tokens.js';

/** What is wrong with the gateway as a whole, for one account or for all. */
export interface AccountKnobs extends WebhookKnobs {
  /** True, or from one hour of the account's clock to another: it answers 503 and does nothing. */
  readonly outage?: boolean | { readonly from: string; readonly to: string };
  /** It does what it is asked to do with a charge, and the connection breaks before its answer. */
  readonly loseAnswers?: boolean;
  readonly settlement?: SettlementKnobs;
}

/** Knobs that were turned, over those that the token of a charge carries. */
export class Knobs {
  private forAll: AccountKnobs = {};
  private readonly ofAccount = new Map<string, AccountKnobs>();

  constructor(private readonly book: Book) {}

  turn(account: string | null, knobs: AccountKnobs): void {
    if (account === null) this.forAll = knobs;
    else this.ofAccount.set(account, knobs);
  }

  of(account: string): AccountKnobs {
    return { ...this.forAll, ...this.ofAccount.get(account) };
  }

  isAway(account: string): boolean {
    const { outage = false } = this.of(account);
    if (typeof outage === 'boolean') return outage;
    const now = this.book.now(account);
    return Date.parse(outage.from) <= now && now < Date.parse(outage.to);
  }
}
