import {
  type IntegrityCheck,
  type IntegrityCheckProvider,
  IntegrityChecks,
} from '../../platform/integrity/integrity.js';
import { CatalogIntegrityRepository, STOCK_CHECKS, type StockCheck } from './integrity.repository.js';

/** What the catalog promises about its stock. */
@IntegrityChecks()
export class CatalogIntegrity implements IntegrityCheckProvider {
  readonly name = 'catalog';
  readonly checks: readonly IntegrityCheck[];

  constructor(rows: CatalogIntegrityRepository) {
    this.checks = STOCK_CHECKS.map((check) => ({
      code: `catalog.stock_${check}`,
      subjectType: 'stock',
      promise: PROMISES[check],
      subjects: (after, limit) => rows.stock(after, limit),
      look: (ids) => rows.look(check, ids),
    }));
  }
}

const PROMISES: Readonly<Record<StockCheck, string>> = {
  movements: 'What is on hand and what is allocated is the sum of the movements of the stock.',
  holds:
    'What is reserved is the sum of the live holds, and what is allocated the sum of what was promised and has not left.',
  available: 'No more is sold than lies there, but for what may be sold ahead and as backorders.',
};
