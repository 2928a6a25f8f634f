import { Logger } from '@nestjs/common';
import type { Config } from '../../platform/config.js';
import type { Database } from '../../platform/database/database.js';
import type { TaxQuestion } from './external-tax.js';
import { TaxProvider } from './tax-provider.port.js';
import { type RegisterAnswer, VatCheck } from './vat-check.port.js';

const log = new Logger('tax');
/** Answers are small; what is longer is none. */
const MOST_BYTES = 256 * 1024;

/** Sends JSON and reads JSON; null when there is no answer in time that can be read. */
async function ask(
  database: Database,
  url: string,
  body: object,
  timeoutMs: number,
  token: string | null = null,
): Promise<unknown> {
  if (database.inTransaction) throw new Error('nobody outside is asked inside a transaction');
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'guildhall',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const text = await answer.text();
    if (text.length > MOST_BYTES) throw new Error('answered too much');
    return JSON.parse(text) as unknown;
  } catch (error) {
    log.warn({ why: error instanceof Error ? error.message : 'no reason given' }, 'not answered');
    return null;
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
    if (this.config.vatCheckUrl === null) return null;
    const answer = await ask(
      this.database,
      `${this.config.vatCheckUrl}/check-vat-number`,
      { countryCode: vatId.slice(0, 2), vatNumber: vatId.slice(2) },
      this.config.taxTimeoutMs,
    );
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
    const { taxProviderUrl, taxProviderToken, taxTimeoutMs } = this.config;
    if (taxProviderUrl === null) return null;
    return ask(this.database, taxProviderUrl, question, taxTimeoutMs, taxProviderToken);
  }
}
