import type { Config } from '../../platform/config.js';
import type { Database } from '../../platform/database/database.js';
import { asked } from '../../platform/outside/asked.js';
import type { TaxQuestion } from './external-tax.js';
import { TaxProvider } from './tax-provider.port.js';

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
