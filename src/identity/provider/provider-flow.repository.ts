import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { hashOf, newSecret } from '../../platform/secret.js';

/** Somebody who was sent to a provider. */
export interface Flow {
  returnTo: string;
  /** Whose session asked for a link; null for a sign-in. */
  accountId: string | null;
  sessionId: string | null;
}

/** Whose code may be taken: that of this browser, or of any, for storefronts that keep their tokens elsewhere. */
export type CodeOf = 'any' | { browser: string };

/** What is under way with providers: ways there and back, and codes at their end. Each works once; only hashes are kept. */
@Injectable()
export class ProviderFlowRepository {
  constructor(private readonly database: Database) {}

  async open(state: string, browser: string, provider: string, flow: Flow): Promise<void> {
    const { returnTo, accountId, sessionId } = flow;
    const values = [hashOf(state), hashOf(browser), provider, returnTo, accountId, sessionId];
    await this.database.execute(OPEN, values);
  }

  /** The flow, once, and only for the browser that it was opened in: whoever knows the state alone cannot even end it. */
  async take(state: string, browser: string, provider: string): Promise<Flow | null> {
    const [row] = await this.database.query<Flow>(TAKE, [hashOf(state), hashOf(browser), provider]);
    return row ?? null;
  }

  /** A code that stands for a sign-in by this link in this browser. */
  async makeCode(linkId: string, browser: string): Promise<string> {
    const code = newSecret();
    await this.database.execute(MAKE_CODE, [hashOf(code), linkId, hashOf(browser)]);
    return code;
  }

  /**
   * The account that the code opens and the provider that vouched, once; of several at a time exactly one gets it. For
   * another browser than the code's it is no code, and stays.
   */
  async takeCode(code: string, of: CodeOf): Promise<{ accountId: string; provider: string } | null> {
    const [row] = await this.database.query<{ accountId: string; provider: string }>(TAKE_CODE, [
      hashOf(code),
      of === 'any' ? null : hashOf(of.browser),
    ]);
    return row ?? null;
  }

  async forgetOld(): Promise<number> {
    const [flows, codes] = await Promise.all([
      this.database.execute('DELETE FROM identity.provider_flows WHERE expires_at < now()'),
      this.database.execute('DELETE FROM identity.provider_codes WHERE expires_at < now()'),
    ]);
    return flows + codes;
  }
}

const OPEN = `
  INSERT INTO identity.provider_flows (state_hash, browser_hash, provider, return_to, account_id, session_id, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, now() + interval '10 minutes')`;
const TAKE = `
  DELETE FROM identity.provider_flows
  WHERE state_hash = $1 AND browser_hash = $2 AND provider = $3 AND expires_at > now()
  RETURNING return_to AS "returnTo", account_id AS "accountId", session_id AS "sessionId"`;
const MAKE_CODE = `
  INSERT INTO identity.provider_codes (hash, link_id, browser_hash, expires_at)
  VALUES ($1, $2, $3, now() + interval '60 seconds')`;
const TAKE_CODE = `
  DELETE FROM identity.provider_codes c USING identity.provider_links l
  WHERE c.hash = $1 AND c.expires_at > now() AND l.id = c.link_id AND ($2::bytea IS NULL OR c.browser_hash = $2)
  RETURNING l.account_id AS "accountId", l.provider`;
