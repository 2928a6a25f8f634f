/** A line of a subscription's invoices, or one that waits for the next of them; below zero it gives back another one. */
export interface Billed {
  /** Null: it waits. */
  readonly invoiceId: string | null;
  readonly lineId: string;
  /** The plan and the last day: lines of one key are about the same days. */
  readonly key: string;
  /** The first day. */
  readonly start: string;
  /** Minor units, less what credit notes have credited of it. */
  readonly total: bigint;
  readonly tax: bigint;
}

/** What was given back of a line, in minor units. */
export interface Credited {
  readonly lineId: string;
  readonly total: bigint;
  readonly tax: bigint;
}

/**
 * What lines below zero, the oldest first, give back of the lines of one invoice. They do not name what they give back: it is of the
 * same days, was charged before, and of several such lines the oldest comes first, so that all of them together lose as much as was
 * given back and none more than it has.
 */
export function givenBack(invoiceId: string, lines: readonly Billed[]): Credited[] {
  const charged = lines.filter(({ total }) => total > 0n).map((line) => ({ line, left: line.total }));
  const given: Credited[] = [];
  for (const credit of lines.filter(({ total }) => total < 0n)) {
    const whole = -credit.total;
    let open = whole;
    for (const each of charged) {
      const { line } = each;
      const isBefore = credit.invoiceId === null || (line.invoiceId ?? '') < credit.invoiceId;
      if (line.key !== credit.key || line.start > credit.start || !isBefore) continue;
      const part = each.left < open ? each.left : open;
      each.left -= part;
      open -= part;
      if (part !== 0n && line.invoiceId === invoiceId)
        given.push({ lineId: line.lineId, total: part, tax: (-credit.tax * part) / whole });
    }
  }
  return given;
}
