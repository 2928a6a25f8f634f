import type { Config } from '../config.js';
import type { Database } from '../database/database.js';
import { asked } from '../outside/asked.js';
import { type RegisterAnswer, VatCheck } from './vat-check.port.js';

/** The REST API of VIES, and whoever speaks like it: `POST {VAT_CHECK_URL}/check-vat-number`. */
export class ViesVatCheck extends VatCheck {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {
    super();
  }

  get isThere(): boolean {
    return this.config.vatCheckUrl !== null;
  }

  async ask(vatId: string): Promise<RegisterAnswer | null> {
    const { vatCheckUrl, taxTimeoutMs: timeoutMs } = this.config;
    if (vatCheckUrl === null) return null;
    const body = { countryCode: vatId.slice(0, 2), vatNumber: vatId.slice(2) };
    const answer = await asked(this.database, `${vatCheckUrl}/check-vat-number`, { body, timeoutMs });
    // It says `valid: false` only when the register of the country has answered; its errors have no such word.
    const { valid, requestIdentifier } = (answer ?? {}) as Record<string, unknown>;
    if (typeof valid !== 'boolean') return null;
    const consultation = typeof requestIdentifier === 'string' ? requestIdentifier.slice(0, 100) : '';
    return { valid, consultation: consultation === '' ? null : consultation };
  }
}
