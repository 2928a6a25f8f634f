/** Something that keeps the program from starting and that its user can put right: what it is, and what to do. */
export class StartFailure extends Error {
  constructor(
    cause: string,
    readonly remedy: string,
  ) {
    super(cause);
    this.name = 'StartFailure';
  }
}
