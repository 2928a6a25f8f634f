/** What a register of VAT ids has said. */
export interface RegisterAnswer {
  valid: boolean;
  /** What it calls the consultation; null when it does not say. */
  consultation: string | null;
}

/** The register of VAT ids, such as VIES of the European Commission: the way to the outside for that question. */
export abstract class VatCheck {
  /** False: this store has nobody to ask. */
  abstract readonly isThere: boolean;

  /** Null when the register of the country cannot say at the moment; throws when nobody answers. Refuses to ask inside a transaction. */
  abstract ask(vatId: string): Promise<RegisterAnswer | null>;
}
