import { Injectable } from '@nestjs/common';
import { Clock, realNow } from '../../platform/clock.js';
import { Breaker } from '../../platform/outside/breaker.js';
import type { CheckedVatId, VatVerdict } from '../../platform/vat/vat-id.js';
import { VatRegister } from '../../platform/vat/vat-register.js';
import { ExemptionRepository } from './exemption.repository.js';
import { hashOfQuestion, readExternalTaxes, type TaxQuestion, type TaxQuote } from './external-tax.js';
import { TaxAnswersRepository } from './tax-answers.repository.js';
import { TaxProvider } from './tax-provider.port.js';
import type { Certificate } from './tax-rules.js';
import { type Asker, VatQuota } from './vat-quota.service.js';

/** So long an answer from outside is as good as a new one. */
const GOOD_FOR_MS = 24 * 60 * 60_000;
/** So long after no answer everybody is shown the taxes of the shop's own zones. */
const SILENT_MS = 60_000;

/** What a provider says to a question. */
export interface TaxAnswer {
  /** Null: nothing. */
  quote: TaxQuote | null;
  /** It was asked just now: no shopper has seen what comes of it. */
  isFresh: boolean;
}

/**
 * Asks outside about tax, never inside a transaction, and keeps what was said with its time. Who does not answer is not asked for
 * a while, and two who want to know the same at once ask once.
 */
@Injectable()
export class TaxDesk {
  private readonly providerBreaker = new Breaker();
  private readonly asking = new Map<string, Promise<unknown>>();

  constructor(
    private readonly answers: TaxAnswersRepository,
    private readonly exemptions: ExemptionRepository,
    private readonly register: VatRegister,
    private readonly provider: TaxProvider,
    private readonly quota: VatQuota,
    private readonly clock: Clock,
  ) {}

  /** The VAT id as it is kept, with what is known of it: see `VatRegister`. `asker`: the shopper, who may have it asked so often (429); null: staff. */
  checked(text: string, asker: Asker | null): Promise<CheckedVatId> {
    return this.register.checked(text, asker && (() => this.quota.count(asker).then(() => true)));
  }

  /** Whether there is a register to ask. */
  get checksVatIds(): boolean {
    return this.register.isThere;
  }

  /**
   * A VAT id that was checked before, when it has to be checked again before somebody buys by it: nobody could say then, or it is
   * more than a day ago. Null: what is known of it stands, also for who has had it asked too often.
   */
  async checkedAgain(
    vatId: string | null,
    check: VatVerdict | null,
    asker: Asker,
  ): Promise<CheckedVatId | null> {
    if (vatId === null || this.register.isCurrent(check)) return null;
    // Nobody is kept from buying by it.
    return (await this.quota.waitOf(asker)) > 0 ? null : this.checked(vatId, null);
  }

  /** Certificates of a customer, whose carts read theirs by themselves; a guest has none. */
  async certificatesOf(customerId: string | null): Promise<Certificate[]> {
    return customerId === null ? [] : this.exemptions.certificatesOf(customerId);
  }

  /**
   * The taxes that the provider says; none: the shop's own zones say them. The same question has the same answer for a day, so
   * that the checkout takes what was shown; that there is none holds for a minute.
   */
  answer(question: TaxQuestion): Promise<TaxAnswer> {
    const hash = hashOfQuestion(question);
    // The look at what is kept is one with the asking: whoever looked too early would ask once more after the answer has come.
    return this.once(`tax ${hash}`, async () => {
      const now = this.clock.now();
      const silentSince = new Date(now.getTime() - SILENT_MS);
      const kept = await this.answers.taxes(hash, before(now), silentSince);
      if (kept !== undefined) return { quote: kept && { hash, taxes: kept }, isFresh: false };
      const taxes = await this.askProvider(hash, question, now);
      return { quote: taxes && { hash, taxes }, isFresh: true };
    });
  }

  private async askProvider(hash: string, question: TaxQuestion, now: Date) {
    const said = await this.providerBreaker.call(
      () => realNow().getTime(),
      () => this.provider.ask(question),
    );
    return this.answers.keepTaxes(hash, readExternalTaxes(said, question), now, before(now));
  }

  private once<T>(what: string, work: () => Promise<T>): Promise<T> {
    const present = this.asking.get(what) as Promise<T> | undefined;
    if (present) return present;
    const asked = work().finally(() => this.asking.delete(what));
    this.asking.set(what, asked);
    return asked;
  }
}

const before = (now: Date): Date => new Date(now.getTime() - GOOD_FOR_MS);
