/** A statement that is put together from parts: values become parameters where they are named. */
export class Statement {
  readonly values: unknown[] = [];

  /** `$3::uuid[]` for the value; the same text each time, so that the plan is kept. */
  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
