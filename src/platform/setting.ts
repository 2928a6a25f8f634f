/** A setting that cannot be used. It names the key and the remedy, never the content: that may be a secret. */
export class BadSetting extends Error {
  constructor(
    readonly key: string,
    readonly remedy: string,
  ) {
    super(`${key}: ${remedy}`);
  }
}
