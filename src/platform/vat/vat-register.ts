import { Injectable } from '@nestjs/common';
import { Clock, realNow } from '../clock.js';
import { platformProblems } from '../http/problem.js';
import { Breaker } from '../outside/breaker.js';
import { type KeptAnswer, VatAnswers } from './vat-answers.js';
import { VatCheck } from './vat-check.port.js';
import { type CheckedVatId, plainVatId, type VatFault, vatFault, type VatVerdict } from './vat-id.js';

/** So long an answer is as good as a new one. */
const GOOD_FOR_MS = 24 * 60 * 60_000;

/**
 * What is known of VAT ids: asks the register, never inside a transaction, and keeps what it said with its time. Who does not answer
 * is not asked for a while, and two who want to know the same at once ask once.
 */
@Injectable()
export class VatRegister {
  private readonly breaker = new Breaker();
  private readonly asking = new Map<string, Promise<KeptAnswer | null>>();

  constructor(
    private readonly answers: VatAnswers,
    private readonly register: VatCheck,
    private readonly clock: Clock,
  ) {}

  /** Whether there is a register to ask. */
  get isThere(): boolean {
    return this.register.isThere;
  }

  /**
   * The VAT id as it is kept, with what is known of it. 400 at `/vatId` when it cannot be one. What the register said within a day is
   * not asked again; when it does not answer, the id is `unverified`. `mayAsk`: whether it may be asked now, for somebody who may have
   * it asked only so often; null: as often as it takes.
   */
  async checked(text: string, mayAsk: (() => Promise<boolean>) | null): Promise<CheckedVatId> {
    const vatId = plainVatId(text);
    const fault = vatFault(vatId);
    if (fault !== null) throw notAVatId(fault);
    const now = this.clock.now();
    if (!this.register.isThere) return { vatId, vatCheck: unverified(now) };
    const known = (await this.answers.find(vatId, before(now))) ?? (await this.consult(vatId, now, mayAsk));
    if (known === null) return { vatId, vatCheck: unverified(now) };
    const { status, consultation, checkedAt } = known;
    return {
      vatId,
      vatCheck: { status, source: 'register', consultation, checkedAt: checkedAt.toISOString() },
    };
  }

  /** Whether asking would say nothing newer: it was asked within a day, or there is nobody to ask. */
  isCurrent(check: VatVerdict | null): boolean {
    if (!this.register.isThere) return true;
    const isKnown = check !== null && check.status !== 'unverified';
    return isKnown && new Date(check.checkedAt) > before(this.clock.now());
  }

  private async consult(vatId: string, now: Date, mayAsk: (() => Promise<boolean>) | null) {
    if (mayAsk !== null && !(await mayAsk())) return null;
    const present = this.asking.get(vatId);
    if (present) return present;
    // Whoever came before may have had the answer since we looked.
    const asked = this.answers
      .find(vatId, before(now))
      .then(async (known) => known ?? this.ask(vatId, now))
      .finally(() => this.asking.delete(vatId));
    this.asking.set(vatId, asked);
    return asked;
  }

  private async ask(vatId: string, checkedAt: Date): Promise<KeptAnswer | null> {
    const answer = await this.breaker.call(
      () => realNow().getTime(),
      () => this.register.ask(vatId),
    );
    if (answer === null) return null;
    const status = answer.valid ? ('valid' as const) : ('invalid' as const);
    const kept = { status, consultation: answer.consultation, checkedAt };
    await this.answers.keep(vatId, kept);
    return kept;
  }
}

const before = (now: Date): Date => new Date(now.getTime() - GOOD_FOR_MS);

const unverified = (now: Date): VatVerdict => ({
  status: 'unverified',
  source: 'format',
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
