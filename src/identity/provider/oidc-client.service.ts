import { Injectable, Logger } from '@nestjs/common';
import { isEmail } from 'class-validator';
import * as oidc from 'openid-client';
import { realNow } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { OidcProvider } from '../../platform/oidc-providers.js';
import { normalizeEmail } from '../account/sign-in.service.js';
import { identityProblems } from '../identity.errors.js';
import type { ForeignIdentity } from './provider.repository.js';

/** What ties an answer to the question: each made for one way there and back. */
export interface Ties {
  redirectUri: string;
  state: string;
  nonce: string;
  /** Of PKCE. */
  verifier: string;
}

/** Whom a provider vouches for. */
export interface ForeignPerson extends ForeignIdentity {
  /** Only one that the provider says it has verified. */
  email: string | null;
  firstName: string | null;
  lastName: string | null;
}

/** How long a provider may take for one answer, and we for an access to what it once said of itself. */
const TIMEOUT_SECONDS = 5;
const KEPT_MS = 3_600_000;
/** By how much the clocks of others may differ from ours. */
const TOLERANCE_SECONDS = 30;

/** Speaks to OpenID Connect providers: authorization code with PKCE, and nothing else. */
@Injectable()
export class OidcClient {
  private readonly log = new Logger('oidc');
  private readonly discovered = new Map<string, { configuration: Promise<oidc.Configuration>; at: number }>();

  constructor(private readonly database: Database) {}

  /** Where to send the browser. 503 when the provider does not say. */
  async authorizationUrl(
    provider: OidcProvider,
    { redirectUri, state, nonce, verifier }: Ties,
  ): Promise<string> {
    const configuration = await this.configuration(provider);
    return oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }).href;
  }

  /**
   * Who came back. Checks state and issuer of the answer (RFC 9207), and signature, issuer, audience, authorized party,
   * times and nonce of the ID token. 400 whatever does not fit, 503 when the provider is away.
   */
  async identify(provider: OidcProvider, answer: URLSearchParams, ties: Ties): Promise<ForeignPerson> {
    const configuration = await this.configuration(provider);
    const url = new URL(ties.redirectUri);
    url.search = answer.toString();
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, url, {
        expectedState: ties.state,
        expectedNonce: ties.nonce,
        pkceCodeVerifier: ties.verifier,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error('there is no ID token');
      // The library looks at it only when there are several audiences (OpenID Connect Core 3.1.3.7, 4 and 5).
      if (claims.azp !== undefined && claims.azp !== provider.clientId)
        throw new Error('the token was issued to another party');
      return personOf(claims, await this.more(configuration, tokens.access_token, claims));
    } catch (error) {
      if (isAway(error)) throw this.away(provider, error);
      this.log.warn({ provider: provider.code, why: reasonOf(error) }, 'a federated sign-in failed');
      throw identityProblems.oidc_failed();
    }
  }

  /** Many providers keep the address out of the ID token, and tell it to whoever asks. */
  private async more(
    configuration: oidc.Configuration,
    accessToken: string,
    claims: oidc.IDToken,
  ): Promise<Partial<oidc.UserInfoResponse>> {
    if (claims.email !== undefined || !configuration.serverMetadata().userinfo_endpoint) return {};
    return oidc.fetchUserInfo(configuration, accessToken, claims.sub);
  }

  /** What the provider says of itself: asked for when it is first needed, and again after an hour. */
  private async configuration(provider: OidcProvider): Promise<oidc.Configuration> {
    if (this.database.inTransaction) throw new Error('a provider is not asked inside a transaction');
    const now = realNow().getTime();
    let known = this.discovered.get(provider.code);
    if (!known || now - known.at > KEPT_MS) {
      known = { configuration: discover(provider), at: now };
      this.discovered.set(provider.code, known);
    }
    try {
      return await known.configuration;
    } catch (error) {
      // The next one asks anew.
      if (this.discovered.get(provider.code) === known) this.discovered.delete(provider.code);
      throw this.away(provider, error);
    }
  }

  private away({ code, title }: OidcProvider, error: unknown) {
    this.log.warn({ provider: code, why: reasonOf(error) }, 'a provider cannot be used');
    return identityProblems.provider_unavailable(`${title} does not answer as it should.`, { retryAfter: 5 });
  }
}

function discover({ issuer, clientId, clientSecret }: OidcProvider): Promise<oidc.Configuration> {
  const post = oidc.ClientSecretPost(clientSecret);
  const basic = oidc.ClientSecretBasic(clientSecret);
  return oidc.discovery(
    new URL(issuer),
    clientId,
    { [oidc.clockTolerance]: TOLERANCE_SECONDS },
    // Basic is what a provider takes that says nothing; where both are taken, in the body no special sign is an issue.
    (server, client, body, headers) =>
      (server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ? post : basic)(
        server,
        client,
        body,
        headers,
      ),
    {
      timeout: TIMEOUT_SECONDS,
      execute: [
        // The signature too, and not only the way that the token came by.
        oidc.enableNonRepudiationChecks,
        // The settings let this pass for providers on this machine alone.
        ...(new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
      ],
    },
  );
}

/** The ID token is signed, so it comes first; what else is told was said about the same subject. */
function personOf(claims: oidc.IDToken, more: Partial<oidc.UserInfoResponse>): ForeignPerson {
  const { iss, sub, email, email_verified, given_name, family_name } = { ...more, ...claims };
  // Apple says it as a text.
  const verified = String(email_verified) === 'true';
  const address = verified && typeof email === 'string' ? normalizeEmail(email) : '';
  return {
    issuer: iss,
    subject: sub,
    email: isEmail(address) && address.length <= 254 ? address : null,
    firstName: nameOf(given_name),
    lastName: nameOf(family_name),
  };
}

const nameOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 100) : null;

/** It did not answer, took too long or had a failure of its own: of the error itself, or of what caused it. */
function isAway(error: unknown): boolean {
  return chainOf(error).some(
    ({ name, message, status }) =>
      name === 'TimeoutError' ||
      message === 'fetch failed' ||
      message === 'terminated' ||
      (typeof status === 'number' && status >= 500),
  );
}

/** For the log: what did not fit, by name. Never a token, nor what stands in one. */
function reasonOf(error: unknown): string {
  const words = chainOf(error).flatMap(({ message, code, error: told, claim }) =>
    [message, code, told, claim].filter((word) => typeof word === 'string' && word !== ''),
  );
  return [...new Set(words)].join(': ').slice(0, 300);
}

type Link = Record<'name' | 'message' | 'code' | 'error' | 'claim' | 'status' | 'cause', unknown>;

function chainOf(error: unknown): Link[] {
  const chain: Link[] = [];
  for (let at = error; typeof at === 'object' && at !== null && chain.length < 5; at = (at as Link).cause)
    chain.push(at as Link);
  return chain;
}
