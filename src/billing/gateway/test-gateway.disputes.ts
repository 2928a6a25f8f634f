import { type Book, newRef } from './test-gateway.book.js';
import type { Charge, Dispute } from './test-gateway.journal.js';
import { Refused } from './test-gateway.rules.js';
import { behaviourOf } from './test-gateway.tokens.js';

const DECIDES_MS = 7 * 86_400_000;
/** In minor units of whatever the charge was in. */
const FEE = 1500;

/** What banks take back for their customers, and what becomes of it. */
export class DisputeRules {
  constructor(private readonly book: Book) {}

  /** The bank takes back all that is left of a charge. */
  async open(charge: Charge, at: number): Promise<void> {
    const amount = charge.captured - charge.refunded;
    const { name } = behaviourOf(charge.token);
    const dispute: Dispute = {
      ref: newRef('dp'),
      amount,
      fee: FEE,
      status: 'open',
      reason: 'fraudulent',
      evidenceDueAt: new Date(at + DECIDES_MS).toISOString(),
      decides: name === 'dispute' ? null : { at: at + DECIDES_MS, won: name === 'dispute_won' },
    };
    await this.write(charge, 'dispute.opened', dispute, -amount, at);
  }

  /** The bank has decided; deciding twice changes nothing. */
  async decide(charge: Charge, ref: string, won: boolean, at: number): Promise<Charge> {
    const dispute = charge.disputes.find((each) => each.ref === ref);
    if (!dispute) throw new Refused(404, 'not_found', 'There is no such dispute.');
    if (dispute.status !== 'open') return charge;
    const status = won ? 'won' : 'lost';
    return this.write(
      charge,
      `dispute.${status}`,
      { ...dispute, status, decides: null },
      won ? dispute.amount : 0,
      at,
    );
  }

  private async write(
    charge: Charge,
    what: string,
    dispute: Dispute,
    moved: number,
    at: number,
  ): Promise<Charge> {
    const [operation] = charge.operations;
    if (!operation) return charge;
    const others = charge.disputes.filter((each) => each.ref !== dispute.ref);
    const next = {
      ...charge,
      disputeAt: null,
      version: charge.version + 1,
      disputes: [...others, dispute],
    };
    await this.book.change({ what, charge: next, operation, moved, at });
    return next;
  }
}
