/** What is known of passwords that got out somewhere: the way to the outside for that question. */
export abstract class BreachedPasswords {
  /** Null when nobody can say at the moment. Refuses to ask inside a transaction. */
  abstract has(password: string): Promise<boolean | null>;
}
