import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export interface FactorsView {
  secondFactor: boolean;
  totpSince: Date | null;
  passkeys: number;
  recoveryCodes: number;
}

/** Ways that come after the password, in the words of the contract. */
export type SecondMethod = 'totp' | 'passkey' | 'recovery_code';

/** Codes of apps and recovery codes, and whether an account has a second factor at all. */
@Injectable()
export class FactorRepository {
  constructor(private readonly database: Database) {}

  async view(accountId: string): Promise<FactorsView> {
    const [row] = await this.database.query<FactorsView>(VIEW, [accountId]);
    return row ?? { secondFactor: false, totpSince: null, passkeys: 0, recoveryCodes: 0 };
  }

  /** A secret that waits for its first code, in place of one that waited before; false when one is confirmed. */
  async startTotp(accountId: string, sealed: Buffer): Promise<boolean> {
    return (await this.database.execute(START, [accountId, sealed])) === 1;
  }

  /** The secret that waits for its first code, for a quarter of an hour. */
  async pendingTotp(accountId: string): Promise<Buffer | null> {
    const [row] = await this.database.query<{ sealed: Buffer }>(PENDING, [accountId]);
    return row?.sealed ?? null;
  }

  /** False when the secret is not the waiting one any more. */
  async confirmTotp(accountId: string, sealed: Buffer, step: number): Promise<boolean> {
    return (await this.database.execute(CONFIRM, [accountId, sealed, step])) === 1;
  }

  async totp(accountId: string): Promise<Buffer | null> {
    const [row] = await this.database.query<{ sealed: Buffer }>(CONFIRMED, [accountId]);
    return row?.sealed ?? null;
  }

  /** Uses up the step and all before it; false when it was used, or the secret is another one by now. */
  async useStep(accountId: string, sealed: Buffer, step: number): Promise<boolean> {
    return (await this.database.execute(USE_STEP, [accountId, sealed, step])) === 1;
  }

  /** Secrets in the order of their accounts, a few at a time. */
  sealed(after: string | null, limit: number): Promise<{ accountId: string; sealed: Buffer }[]> {
    return this.database.query(SEALED, [after, limit]);
  }

  /** The same secret, sealed with another key: only while it is still the one that was read. */
  async sealAnew(accountId: string, from: Buffer, to: Buffer): Promise<void> {
    await this.database.execute(SEAL_ANEW, [accountId, from, to]);
  }

  /** False when there was none in use. */
  async removeTotp(accountId: string): Promise<boolean> {
    return (await this.database.execute(REMOVE, [accountId])) === 1;
  }

  /** Always ten: a new set takes the places of the old. */
  async replaceRecoveryCodes(accountId: string, hashes: string[]): Promise<void> {
    await this.database.execute(REPLACE, [accountId, hashes]);
  }

  /** The hash of an unused code. */
  async recoveryHash(accountId: string, number: number): Promise<string | null> {
    const [row] = await this.database.query<{ hash: string }>(RECOVERY_HASH, [accountId, number]);
    return row?.hash ?? null;
  }

  async useRecoveryCode(accountId: string, number: number, hash: string): Promise<boolean> {
    return (await this.database.execute(USE_RECOVERY, [accountId, number, hash])) === 1;
  }

  /**
   * The one writer of `second_factor`, in the transaction that adds or removes a factor and holds the account's row.
   * Recovery codes of somebody without a factor open nothing, so they go.
   */
  async recount(accountId: string): Promise<void> {
    await this.database.execute(RECOUNT, [accountId]);
    await this.database.execute(FORGET_CODES, [accountId]);
  }

  /** Every one of them, and the recovery codes. In a transaction that holds the account's row. */
  async removeAll(accountId: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.totp_factors WHERE account_id = $1', [accountId]);
    await this.database.execute('DELETE FROM identity.passkeys WHERE account_id = $1', [accountId]);
    await this.recount(accountId);
  }

  /** Secrets that nobody confirmed. */
  forgetPending(): Promise<number> {
    return this.database.execute(
      `DELETE FROM identity.totp_factors WHERE confirmed_at IS NULL AND created_at < now() - interval '1 day'`,
    );
  }
}

/** What an account can show after its password. */
export const methodsOf = ({ totpSince, passkeys, recoveryCodes }: FactorsView): SecondMethod[] => [
  ...(totpSince === null ? [] : ['totp' as const]),
  ...(passkeys === 0 ? [] : ['passkey' as const]),
  ...(recoveryCodes === 0 ? [] : ['recovery_code' as const]),
];

const VIEW = `
  SELECT a.second_factor AS "secondFactor", t.confirmed_at AS "totpSince",
    (SELECT count(*)::int FROM identity.passkeys WHERE account_id = a.id) AS passkeys,
    (SELECT count(*)::int FROM identity.recovery_codes WHERE account_id = a.id AND used_at IS NULL) AS "recoveryCodes"
  FROM identity.accounts a LEFT JOIN identity.totp_factors t ON t.account_id = a.id WHERE a.id = $1`;
const START = `
  INSERT INTO identity.totp_factors AS t (account_id, secret_sealed) VALUES ($1, $2)
  ON CONFLICT ON CONSTRAINT totp_factors_pk DO UPDATE SET secret_sealed = excluded.secret_sealed, created_at = now()
    WHERE t.confirmed_at IS NULL`;
const PENDING = `
  SELECT secret_sealed AS sealed FROM identity.totp_factors
  WHERE account_id = $1 AND confirmed_at IS NULL AND created_at > now() - interval '15 minutes'`;
const CONFIRM = `
  UPDATE identity.totp_factors SET confirmed_at = now(), last_step = $3
  WHERE account_id = $1 AND secret_sealed = $2 AND confirmed_at IS NULL`;
const CONFIRMED = `
  SELECT secret_sealed AS sealed FROM identity.totp_factors WHERE account_id = $1 AND confirmed_at IS NOT NULL`;
const USE_STEP = `
  UPDATE identity.totp_factors SET last_step = $3
  WHERE account_id = $1 AND secret_sealed = $2 AND confirmed_at IS NOT NULL AND last_step < $3`;
const SEALED = `
  SELECT account_id AS "accountId", secret_sealed AS sealed FROM identity.totp_factors
  WHERE $1::uuid IS NULL OR account_id > $1 ORDER BY account_id LIMIT $2`;
const SEAL_ANEW =
  'UPDATE identity.totp_factors SET secret_sealed = $3 WHERE account_id = $1 AND secret_sealed = $2';
const REMOVE = 'DELETE FROM identity.totp_factors WHERE account_id = $1 AND confirmed_at IS NOT NULL';
const REPLACE = `
  INSERT INTO identity.recovery_codes (account_id, number, hash)
  SELECT $1, number, hash FROM unnest($2::text[]) WITH ORDINALITY AS made (hash, number)
  ON CONFLICT ON CONSTRAINT recovery_codes_pk DO UPDATE SET hash = excluded.hash, used_at = NULL`;
const RECOVERY_HASH = `
  SELECT hash FROM identity.recovery_codes WHERE account_id = $1 AND number = $2 AND used_at IS NULL`;
const USE_RECOVERY = `
  UPDATE identity.recovery_codes SET used_at = now()
  WHERE account_id = $1 AND number = $2 AND hash = $3 AND used_at IS NULL`;
const RECOUNT = `
  UPDATE identity.accounts a SET second_factor =
    EXISTS (SELECT FROM identity.totp_factors WHERE account_id = a.id AND confirmed_at IS NOT NULL)
    OR EXISTS (SELECT FROM identity.passkeys WHERE account_id = a.id)
  WHERE id = $1`;
const FORGET_CODES = `
  DELETE FROM identity.recovery_codes
  WHERE account_id = $1 AND NOT (SELECT second_factor FROM identity.accounts WHERE id = $1)`;
