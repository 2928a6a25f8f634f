import { createHmac } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { OidcProvider } from '../../platform/oidc-providers.js';
import { newSecret } from '../../platform/secret.js';
import { identityProblems } from '../identity.errors.js';
import { networkOf } from '../../platform/http/network.js';
import { type Quota, ThrottleRepository } from '../throttle/throttle.repository.js';
import { OidcClient, type Ties } from './oidc-client.service.js';
import { type Flow, ProviderFlowRepository } from './provider-flow.repository.js';
import { ProviderLinkService } from './provider-link.service.js';
import { ProviderSignInService } from './provider-sign-in.service.js';

/** Where to send the browser, and the secret that its cookie keeps until it is back. */
export interface Departure {
  url: string;
  browser: string;
}

/** Where to send the browser on, and whether it has a code to exchange now. */
export interface Arrival {
  url: string;
  isSignIn: boolean;
}

/** Each start is kept for ten minutes: no network and no account may fill the table. */
const STARTS: Quota = { free: 300, windowSeconds: 900 };

/** The way of a browser to a provider and back. */
@Injectable()
export class ProviderFlowService {
  private readonly log = new Logger('oidc');
  private readonly key: Buffer;

  constructor(
    private readonly flows: ProviderFlowRepository,
    private readonly signIns: ProviderSignInService,
    private readonly links: ProviderLinkService,
    private readonly client: OidcClient,
    private readonly throttles: ThrottleRepository,
    private readonly config: Config,
  ) {
    this.key = config.key('oidc-flow');
  }

  list(): { code: string; title: string }[] {
    return this.config.oidcProviders.map(({ code, title }) => ({ code, title }));
  }

  /** To sign in. 404 for an unknown provider, 503 for one that is away. */
  async start(code: string, returnTo: string | undefined, ip: string): Promise<Departure> {
    const provider = this.provider(code);
    const flow = { returnTo: this.allowed(returnTo, '/query/returnTo'), accountId: null, sessionId: null };
    return this.depart(provider, flow, networkOf(ip));
  }

  /** To link the provider to the account of this session, which must still be there when the browser is back. */
  async startLink(actor: PersonActor, code: string, returnTo: string | undefined): Promise<Departure> {
    const provider = this.provider(code);
    const to = this.allowed(returnTo, '/returnTo');
    await this.links.requireUnlinked(actor.id, code);
    const flow = { returnTo: to, accountId: actor.id, sessionId: actor.sessionId };
    return this.depart(provider, flow, actor.id);
  }

  /**
   * The browser is back with what the provider gave it. Answers where to send it on: what becomes of it stands in the
   * query, as `code` to exchange, `linked`, or the code of a problem as `error`.
   */
  async finish(code: string, answer: URLSearchParams, browser: string | null): Promise<Arrival> {
    const provider = this.provider(code);
    const state = answer.get('state');
    const flow = state && browser && (await this.flows.take(state, browser, code));
    if (!state || !browser || !flow) {
      this.log.warn({ provider: code, why: 'no such flow of this browser' }, 'a federated sign-in failed');
      throw identityProblems.oidc_failed();
    }
    const person = await this.client.identify(provider, answer, this.ties(code, state, browser));
    const { accountId, sessionId, returnTo } = flow;
    const outcome =
      accountId !== null && sessionId !== null
        ? await this.links.link(provider, person, { accountId, sessionId })
        : await this.signIns.signIn(provider, person, browser);
    const url = new URL(returnTo);
    for (const [name, value] of Object.entries(outcome)) url.searchParams.set(name, value);
    return { url: url.href, isSignIn: 'code' in outcome };
  }

  private async depart(provider: OidcProvider, flow: Flow, who: string): Promise<Departure> {
    const { wait } = await this.throttles.attempt(`oidc:${who}`, STARTS);
    if (wait > 0) throw identityProblems.too_many_attempts(undefined, { retryAfter: wait });
    const [state, browser] = [newSecret(), newSecret()];
    const url = await this.client.authorizationUrl(provider, this.ties(provider.code, state, browser));
    await this.flows.open(state, browser, provider.code, flow);
    return { url, browser };
  }

  /** Each provider comes back to a path of its own, so that the answer of one cannot pass for that of another. */
  private ties(code: string, state: string, browser: string): Ties {
    return {
      redirectUri: `${this.config.publicUrl}/v1/auth/oidc/${code}/callback`,
      state,
      nonce: this.derived('nonce', browser),
      verifier: this.derived('verifier', browser),
    };
  }

  /** Made of our key and the cookie, so that neither who reads the table nor who reads the cookie knows it. */
  private derived(what: string, browser: string): string {
    return createHmac('sha256', this.key).update(`${what}.${browser}`).digest('base64url');
  }

  private provider(code: string): OidcProvider {
    const provider = this.config.oidcProviders.find((one) => one.code === code);
    if (!provider) throw platformProblems.not_found();
    return provider;
  }

  /** Equal to one of the list, sign by sign: whatever compares less lets codes go astray (RFC 9700 2.1). */
  private allowed(returnTo: string | undefined, pointer: string): string {
    const [first] = this.config.oidcReturnUrls;
    if (returnTo === undefined) return first;
    if (this.config.oidcReturnUrls.includes(returnTo)) return returnTo;
    throw platformProblems.invalid_input('The browser may not be sent to this URL afterwards.', {
      errors: [{ pointer, code: 'not_allowed', message: 'must be one of those in the settings' }],
    });
  }
}
