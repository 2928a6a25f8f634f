import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ExemptionRepository } from './exemption.repository.js';
import { hashOfQuestion, readExternalTaxes, type TaxQuestion, type TaxQuote } from './external-tax.js';
import { TaxAnswersRepository } from './tax-answers.repository.js';
import { TaxProvider } from './tax-provider.port.js';
import type { Certificate } from './tax-rules.js';
import { type Asker, VatQuota } from './vat-quota.service.js';
import { VatCheck } from './vat-check.port.js';
import { type CheckedVatId, plainVatId, type VatFault, vatFault } from './vat-id.js';

/** So long an answer from outside is as good as a new one. */
const GOOD_FOR_MS = 24 * 60 * 60_000;

/** Asks outside about tax, never inside a transaction, and keeps what was said with its time. */
@Injectable()
export class TaxDesk {
  constructor(
    private readonly answers: TaxAnswersRepository,
    private readonly exemptions: ExemptionRepository,
    private readonly register: VatCheck,
    private readonly provider: TaxProvider,
    private readonly quota: VatQuota,
    private readonly clock: Clock,
  ) {}

  /**
   * The VAT id as it is kept, with what is known of it. 400 at `/vatId` when it cannot be one. What the register said
   * within a day is not asked again; when it does not answer, the id is `unverified`. `asker`: the shopper, who may have it
   * asked so often (429); null: staff.
   */
  async checked(text: string, asker: Asker | null): Promise<CheckedVatId> {
    const vatId = plainVatId(text);
    const fault = vatFault(vatId);
    if (fault !== null) throw notAVatId(fault);
    const now = this.clock.now();
    if (!this.register.isThere) return { vatId, vatCheck: unverified(now) };
    const known = (await this.answers.check(vatId, before(now))) ?? (await this.consult(vatId, asker, now));
    if (known === null) return { vatId, vatCheck: unverified(now) };
    const { status, consultation, checkedAt } = known;
    return {
      vatId,
      vatCheck: { status, source: 'register', consultation, checkedAt: checkedAt.toISOString() },
    };
  }

  /** Certificates of a customer, whose carts read theirs by themselves; a guest has none. */
  async certificatesOf(customerId: string | null): Promise<Certificate[]> {
    return customerId === null ? [] : this.exemptions.certificatesOf(customerId);
  }

  /**
   * The taxes that the provider says; null, by the shop's own zones, when there is none or no answer. The same question has the
   * same answer for a day, so that the checkout takes what was shown.
   */
  async quote(question: TaxQuestion): Promise<TaxQuote | null> {
    const hash = hashOfQuestion(question);
    const now = this.clock.now();
    const kept = await this.answers.taxes(hash, before(now));
    if (kept) return { hash, taxes: kept };
    const taxes = readExternalTaxes(await this.provider.ask(question), question);
    return taxes && { hash, taxes: await this.answers.keepTaxes(hash, taxes, now, before(now)) };
  }

  private async consult(vatId: string, asker: Asker | null, checkedAt: Date) {
    if (asker !== null) await this.quota.count(asker);
    const answer = await this.register.ask(vatId);
    if (answer === null) return null;
    const check = {
      status: answer.valid ? ('valid' as const) : ('invalid' as const),
      consultation: answer.consultation,
      checkedAt,
    };
    await this.answers.keepCheck(vatId, check);
    return check;
  }
}

const before = (now: Date): Date => new Date(now.getTime() - GOOD_FOR_MS);

const unverified = (now: Date) => ({
  status: 'unverified' as const,
  source: 'format' as const,
  checkedAt: now.toISOString(),
  consultation: null,
});

const FAULTS: Record<VatFault, string> = {
  unknown_country: 'must begin with the letters of a country of the EU, such as DE or EL',
  malformed: 'does not have the form of a VAT id of its country',
  check_digits: 'has wrong check digits: look for a typing error',
};

const notAVatId = (fault: VatFault) =>
  platformProblems.invalid_input('The VAT id cannot be one.', {
    errors: [{ pointer: '/vatId', code: fault, message: FAULTS[fault] }],
  });
