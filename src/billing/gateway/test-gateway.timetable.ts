import type { Book } from './test-gateway.book.js';
import type { DisputeRules } from './test-gateway.disputes.js';
import type { Charge } from './test-gateway.journal.js';
import type { GatewayRules } from './test-gateway.rules.js';

/** Timers hold no more than 2^31 milliseconds; what is further off waits for the clock to be moved, or a restart. */
const LONGEST = 2 ** 31 - 1;

interface Due {
  readonly at: number;
  readonly happen: () => Promise<unknown>;
}

/** What happens by itself, each thing at its hour by the clock of its account, which can be moved. */
export class Timetable {
  constructor(
    private readonly book: Book,
    private readonly rules: GatewayRules,
    private readonly disputes: DisputeRules,
  ) {}

  /** Sets timers for all that a charge waits for. */
  watch(charge: Charge): void {
    const now = this.book.now(charge.account);
    for (const { at } of this.dues(charge)) {
      if (at - now > LONGEST) continue;
      setTimeout(
        () => void this.catchUp(charge.account, charge.ref),
        Math.max(1, Math.ceil(at - now) + 2),
      ).unref();
    }
  }

  /** Moves the clock of an account; all that became due meanwhile happens, in its order and with its own time. */
  async moveClock(account: string, to: number): Promise<void> {
    await this.book.moveClock(account, to);
    await this.catchUp(account);
    this.book.chargesOf(account).forEach((charge) => this.watch(charge));
  }

  private async catchUp(account: string, ref?: string): Promise<void> {
    for (;;) {
      const charge = ref === undefined ? null : this.book.anyCharge(ref);
      const charges = charge ? [charge] : this.book.chargesOf(account);
      const [first] = charges
        .flatMap((each) => this.dues(each))
        .filter(({ at }) => at <= this.book.now(account))
        .sort((a, b) => a.at - b.at);
      if (!first) return;
      await first.happen();
    }
  }

  private dues(charge: Charge): Due[] {
    const dues: Due[] = [];
    const due = (at: number | null | undefined, happen: Due['happen']) => {
      if (typeof at === 'number') dues.push({ at, happen });
    };
    for (const operation of charge.operations) {
      const at = operation.later?.at;
      due(at, () => this.rules.mature(charge, operation, at ?? 0));
    }
    const { holdEndsAt, captured, refunded } = charge;
    // Of what went back nothing can be taken back.
    const disputeAt = captured > refunded ? charge.disputeAt : null;
    due(holdEndsAt, () => this.rules.expire(charge, holdEndsAt ?? 0));
    due(disputeAt, () => this.disputes.open(charge, disputeAt ?? 0));
    for (const { ref, decides } of charge.disputes)
      due(decides?.at, () => this.disputes.decide(charge, ref, decides?.won ?? false, decides?.at ?? 0));
    return dues;
  }
}
