import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { fetch } from 'undici';
import type { TestApp } from './app.js';
import type { Answer } from './client.js';

/** Where the shop believes itself to be, as `PUBLIC_URL` of the tests says. */
const SHOP = 'http://shop.test';

export const callbackOf = (code: string): string => `${SHOP}/v1/auth/oidc/${code}/callback`;

/** What a provider knows of somebody. */
export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean;
  given_name?: string;
  family_name?: string;
  /** Presses "cancel". */
  refuses?: boolean;
}

/** oidc-provider in a process of its own. */
export class RealProvider {
  static readonly client = {
    clientId: 'guildhall',
    clientSecret: 'a secret that the shop has from the provider',
  };

  private constructor(
    private readonly child: ChildProcess,
    readonly issuer: string,
  ) {}

  /** Ready to be asked; `codes` are those that the shop has for it. */
  static async start(...codes: string[]): Promise<RealProvider> {
    const program = resolve(import.meta.dirname, 'oidc-provider.mjs');
    const child = spawn(process.execPath, [program, JSON.stringify(codes.map(callbackOf))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const [issuer] = (await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error('the provider ended'))),
    ])) as [string];
    return new RealProvider(child, issuer);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}

/** A provider that signs whatever a test wants to be said. */
export class HostileIssuer {
  private readonly server: Server;
  private key!: CryptoKey;
  private foreignKey!: CryptoKey;
  private jwk!: object;
  issuer = '';
  /** The ID token that it gives next, before `forge` has changed it. */
  claims: JWTPayload = {};
  userinfo: object = {};
  forge: (claims: JWTPayload) => JWTPayload = (claims) => claims;
  signsWithForeignKey = false;
  /** The token endpoint is out of order. */
  broken = false;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(): Promise<HostileIssuer> {
    const hostile = new HostileIssuer();
    const own = await generateKeyPair('ES256');
    hostile.key = own.privateKey;
    hostile.foreignKey = (await generateKeyPair('ES256')).privateKey;
    hostile.jwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'ES256', use: 'sig' };
    hostile.server.listen(0, '127.0.0.1');
    await once(hostile.server, 'listening');
    hostile.issuer = `http://127.0.0.1:${(hostile.server.address() as AddressInfo).port}`;
    return hostile;
  }

  /** Honest again: says of this person what is true, for the sign-in that the browser was sent here with. */
  honest(person: Person, nonce: string): void {
    const now = Math.floor(Date.now() / 1_000);
    this.claims = { ...person, iss: this.issuer, aud: 'guildhall', nonce, iat: now, exp: now + 60 };
    Object.assign(this, { forge: (claims: JWTPayload) => claims, userinfo: {} });
    Object.assign(this, { signsWithForeignKey: false, broken: false });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { issuer } = this;
    const say = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url === '/jwks') return void say(200, { keys: [this.jwk] });
    if (url === '/userinfo') return void say(200, this.userinfo);
    if (url === '/token' && this.broken) return void say(500, {});
    if (url === '/token') {
      const idToken = await new SignJWT(this.forge({ ...this.claims }))
        .setProtectedHeader({ alg: 'ES256', kid: 'own' })
        .sign(this.signsWithForeignKey ? this.foreignKey : this.key);
      return void say(200, { access_token: 'access', token_type: 'Bearer', id_token: idToken });
    }
    say(200, {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    });
  }
}

/** Keeps cookies by hand and goes where it is sent, as somebody's browser does. */
export class Browser {
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly app: TestApp) {}

  /** One page; redirects are not followed. What is under the shop's address goes to the application. */
  async get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { origin, pathname, search } = new URL(url);
    const sent = { ...headers, cookie: this.header(origin) };
    if (origin === SHOP) {
      const answer = await this.app.get(pathname + search, { headers: sent });
      this.keep(origin, answer.headers.get('set-cookie'));
      return answer;
    }
    const answer = await fetch(url, { redirect: 'manual', headers: sent });
    for (const cookie of answer.headers.getSetCookie()) this.keep(origin, cookie);
    return { status: answer.status, body: undefined, text: await answer.text(), headers: answer.headers };
  }

  /** From this page on as somebody who signs in at the provider, up to the page that `until` knows. */
  async walk(url: string, person: Person, until: (url: URL) => boolean = isShopPage): Promise<URL> {
    let at = new URL(url);
    for (let step = 0; step < 10 && !until(at); step++) {
      const answer = await this.get(at.href, { 'x-person': JSON.stringify(person) });
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${at.href} leads nowhere: ${answer.status} ${answer.text}`);
      at = new URL(location, at);
    }
    return at;
  }

  /** What the shop has set by an answer to a script. */
  keep(origin: string, cookie: string | null): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie ?? '') ?? [];
    if (name === '') return;
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    if (/Max-Age=0\b/i.test(cookie ?? '') || value === '') jar.delete(name);
    else jar.set(name, value);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.cookies.get(origin)?.get(name);
  }

  keepOfShop({ headers }: Answer): void {
    this.keep(SHOP, headers.get('set-cookie'));
  }

  private header(origin: string): string {
    return [...(this.cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/** A page of the shop, and not one of the API. */
const isShopPage = ({ origin, pathname }: URL): boolean => origin === SHOP && !pathname.startsWith('/v1/');

export const isCallback = ({ pathname }: URL): boolean => pathname.endsWith('/callback');
