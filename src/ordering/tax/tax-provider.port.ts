import type { TaxQuestion } from './external-tax.js';

/** Somebody outside who says what tax comes to, line by line. */
export abstract class TaxProvider {
  /** What came back, unread: `readExternalTaxes` looks at it. Throws when nothing did. Refuses to ask inside a transaction. */
  abstract ask(question: TaxQuestion): Promise<unknown>;
}
