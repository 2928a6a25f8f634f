import { Logger } from '@nestjs/common';
import type { Config } from '../../platform/config.js';
import type { Database } from '../../platform/database/database.js';
import { ask } from '../../platform/outside/ask.js';
import type { TaxQuestion } from './external-tax.js';
import { TaxProvider } from './tax-provider.port.js';
import { type RegisterAnswer, VatCheck } from './vat-check.port.js';

const log = new Logger('tax');
const MOST_BYTES = 256 * 1024;

/** Asks, never with a transaction open; says why there was no answer, and throws. */
async function asked(
  database: Database,
  url: string,
  { body, token = null, timeoutMs }: { body: object; token?: string | null; timeoutMs: number },
): Promise<unknown> {
  if (database.inTransaction) throw new Error('nobody outside is asked inside a transaction');
  try {
    return await ask(url, { body, token, timeoutMs, mostBytes: MOST_BYTES });
  } catch (error) {
    log.warn({ why: error instanceof Error ? error.message : 'no reason given' }, 'not answered');
    throw error;
  }
}

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

/** `POST {TAX_PROVIDER_URL}` with the question; the answer has `lines` and `shipping`, each with its `taxes`. */
export class HttpTaxProvider extends TaxProvider {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {
    super();
  }

  async ask(question: TaxQuestion): Promise<unknown> {
    const { taxProviderUrl, taxProviderToken: token, taxTimeoutMs: timeoutMs } = this.config;
    if (taxProviderUrl === null) throw new Error('TAX_PROVIDER_URL is not set');
    return asked(this.database, taxProviderUrl, { body: question, token, timeoutMs });
  }
}
