import { hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { seal, unseal } from '../sealed.js';
import { hashOf } from '../secret.js';
import { platformProblems } from './problem.js';
import { currentRequest } from './request-context.js';

/** How long a request may run before another one with the same key takes it over, in seconds. */
const LEASE_SECONDS = 90;

export interface StoredAnswer {
  status: number;
  body: string;
}

/** The running request as its service sees it: where a dead one stopped, and where the answer goes. */
export interface IdempotentRequest {
  /** What an earlier request with this key remembered before it died; null for a first run. */
  readonly resume: unknown;
  /** In the running transaction: what a later request needs to go on from here. */
  remember(state: object): Promise<void>;
  /** In the running transaction: how far it is by now, in place of what was remembered before. */
  proceed(state: object): Promise<void>;
  /** In the running transaction: the answer, to be stored with the effect itself. Returns the body as it is sent. */
  answer(status: number, body: object): string;
}

interface Claim {
  scope: string;
  key: string;
  fingerprint: Buffer;
}

interface Row {
  fingerprint: Buffer;
  state: unknown;
  status: number | null;
  body: Buffer | null;
  /** The end of the lease, which is also the name of its holder: whoever takes over gets a later one. */
  lease: string | null;
  claimed: boolean;
}

/**
 * Idempotency-Key, after draft-ietf-httpapi-idempotency-key-header: the key is claimed in a short commit of its
 * own, so that rivals get 409 instead of waiting; the answer is stored in the transaction of the effect; a claim
 * whose holder died is taken over where it stopped. Only a hash of the key is kept, and bodies are sealed with
 * the key itself, because answers may hold secrets such as a cart token.
 */
@Injectable()
export class Idempotency {
  constructor(private readonly database: Database) {}

  /** The request that is being answered, when it came with a key. */
  static current(): IdempotentRequest | null {
    return currentRequest()?.idempotency ?? null;
  }

  /**
   * Claims the key: a stored answer to replay, or the right to run. `giveBack` makes an unanswered key free again after
   * nothing has happened; what the run has remembered is kept. All of them act on this claim alone: a holder
   * that was overtaken can neither answer nor drop the claim of whoever came after it.
   */
  async claim(
    claim: Claim,
  ): Promise<{ answer: StoredAnswer } | { run: IdempotentRequest; giveBack: () => Promise<void> }> {
    const [row] = await this.database.query<Row>(CLAIM, [claim.scope, hashOf(claim.key), claim.fingerprint]);
    if (row === undefined) {
      // The row vanished between the conflict and the look: its holder gave the key back. The caller tries again.
      throw platformProblems.idempotency_in_flight(undefined, { retryAfter: 1 });
    }
    if (!row.claimed) {
      if (!row.fingerprint.equals(claim.fingerprint)) throw platformProblems.idempotency_key_reused();
      if (row.status !== null && row.body !== null) {
        return {
          answer: { status: row.status, body: unseal(sealKey(claim.key), row.body, placeOf(claim.scope)) },
        };
      }
      throw platformProblems.idempotency_in_flight(undefined, { retryAfter: 1 });
    }
    const held = [claim.scope, hashOf(claim.key), row.lease];
    return {
      run: this.running(claim, row),
      giveBack: async () => {
        await this.database.execute(GIVE_BACK, held);
        await this.database.execute(UNLOCK, held);
      },
    };
  }

  /** Deletes what is older than 72 hours; a scheduled job calls it. */
  async forgetOld(): Promise<number> {
    return this.database.execute('DELETE FROM platform.idempotency_keys WHERE expires_at < now()');
  }

  private running({ scope, key }: Claim, { state: resume, lease }: Row): IdempotentRequest {
    const held = [scope, hashOf(key), lease];
    const place = `platform.idempotency_keys|state|${scope}`;
    // Like an answer, it may hold the token of what was made.
    const sealed = (state: object): string =>
      JSON.stringify({ sealed: seal(sealKey(key), JSON.stringify(state), place).toString('base64') });
    return {
      resume: opened(sealKey(key), resume, place),
      remember: async (state) => {
        mine(await this.database.execute(REMEMBER, [...held, sealed(state)]));
      },
      proceed: async (state) => {
        mine(await this.database.execute(PROCEED, [...held, sealed(state)]));
      },
      answer: (status, body) => {
        const text = JSON.stringify(body);
        // With the facts, in one packet: nothing comes after it but the commit.
        this.database.beforeCommit('answer', async () =>
          mine(
            await this.database.execute(ANSWER, [...held, status, seal(sealKey(key), text, placeOf(scope))]),
          ),
        );
        return text;
      },
    };
  }
}

// One statement and one commit. An existing row is only touched when its lease has run out without an answer.
const CLAIM = `
  WITH claimed AS (
    INSERT INTO platform.idempotency_keys AS k (scope, key_hash, fingerprint, locked_until)
    VALUES ($1, $2, $3, now() + interval '${LEASE_SECONDS} s')
    ON CONFLICT (scope, key_hash) DO UPDATE SET locked_until = excluded.locked_until
      WHERE k.status IS NULL AND k.fingerprint = excluded.fingerprint
        AND (k.locked_until IS NULL OR k.locked_until < now())
    RETURNING fingerprint, state, status, body, locked_until::text AS lease
  )
  SELECT fingerprint, state, status, body, lease, true AS claimed FROM claimed
  UNION ALL
  SELECT fingerprint, state, status, body, NULL, false FROM platform.idempotency_keys
  WHERE scope = $1 AND key_hash = $2 AND NOT EXISTS (SELECT FROM claimed)`;
const HELD = 'scope = $1 AND key_hash = $2 AND locked_until = $3::timestamptz AND status IS NULL';
const REMEMBER = `UPDATE platform.idempotency_keys SET state = $4 WHERE ${HELD} AND state IS NULL`;
const PROCEED = `UPDATE platform.idempotency_keys SET state = $4 WHERE ${HELD}`;
const ANSWER = `
  UPDATE platform.idempotency_keys SET status = $4, body = $5, sealed = true, locked_until = NULL WHERE ${HELD}`;
const GIVE_BACK = `DELETE FROM platform.idempotency_keys WHERE ${HELD} AND state IS NULL`;
const UNLOCK = `UPDATE platform.idempotency_keys SET locked_until = NULL WHERE ${HELD}`;

/** A request that outlived its lease was overtaken: its effect must not be committed a second time. */
function mine(written: number): void {
  if (written !== 1) throw platformProblems.idempotency_in_flight(undefined, { retryAfter: 1 });
}

/** What was remembered; null: nothing. */
function opened(key: Buffer, state: unknown, place: string): unknown {
  const { sealed } = (state ?? {}) as { sealed?: string };
  return sealed === undefined ? state : JSON.parse(unseal(key, Buffer.from(sealed, 'base64'), place));
}

/** From the key itself, of which only the hash is kept: whoever reads the table cannot read the answers. */
const sealKey = (key: string): Buffer => Buffer.from(hkdfSync('sha256', key, 'guildhall', 'idempotency', 32));
const placeOf = (scope: string): string => `platform.idempotency_keys|body|${scope}`;
