import { isUtf8 } from 'node:buffer';
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { isEmail } from 'class-validator';
import { makeFolder } from './folder.js';
import { isCurrency } from './money/currencies.js';
import { type OidcProvider, readOidcProviders } from './oidc-providers.js';
import { BadSetting } from './setting.js';

export type Role = 'all' | 'api' | 'worker';

/** Which pages of other origins may read answers: all, those of this machine, or exactly these. */
export type CorsOrigins = 'any' | 'loopback' | readonly string[];

/** A derived key, and what is written beside that which it protects, so that it is known again; the name tells nothing of it. */
export interface NamedKey {
  id: string;
  key: Buffer;
}

/** A bucket for files. */
export interface S3Settings {
  /** Without the bucket and without a slash at the end. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Everything that the process takes from its environment: read once, checked, frozen. */
export class Config {
  /** `production` refuses the demo data, the test gateway and a secret made by itself. */
  readonly production: boolean;
  readonly test: boolean;
  readonly role: Role;
  readonly port: number;
  /** Address to listen on; loopback unless production or told otherwise. */
  readonly host: string;
  /** Addresses and networks (CIDR) whose X-Forwarded-For is believed. */
  readonly trustedProxies: string[];
  readonly corsOrigins: CorsOrigins;
  /** What Prometheus sends as bearer token; null: open to everybody, and in production to nobody. */
  readonly metricsToken: string | null;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  readonly databasePool: number;
  readonly redisUrl: string | null;
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  readonly shopName: string;
  /** Where links in mails point to; never taken from a request. */
  readonly publicUrl: string;
  /** Who may vouch for people who sign in; none unless told. */
  readonly oidcProviders: readonly OidcProvider[];
  /** Where the browser may go after such a sign-in: exactly these, the first when nothing else is asked for. */
  readonly oidcReturnUrls: readonly [string, ...string[]];
  readonly storeCurrency: string;
  readonly adminEmail: string | null;
  readonly adminPassword: string | null;
  readonly testGatewayUrl: string | null;
  /** How long the payment gateway may take before the outcome counts as unknown. */
  readonly gatewayTimeoutMs: number;
  readonly demoStore: boolean;
  /** Off: every catalog page is made by SQL, to measure what that costs. */
  readonly pageCache: boolean;
  readonly hashConcurrency: number;
  readonly minimumPasswordLength: number;
  /** Who says whether a password is known from a breach: nobody but the list on this machine, or Have I Been Pwned. */
  readonly breachCheck: 'local' | 'hibp';
  readonly hibpUrl: string;
  /** Words that nobody may make a password of, beside the name of the shop. */
  readonly blockedPasswords: readonly string[];
  /** Required: without one, staff may do nothing but enrol one. */
  readonly staffSecondFactor: 'required' | 'optional';
  /** Codes of an authenticator app that are taken beside the present one: 0 or 1 of the last half minute. */
  readonly totpPastSteps: number;
  /** Where passkeys may be used: the origins of the shop's pages. */
  readonly passkeyOrigins: string[];
  /** The host of the first origin; passkeys are bound to it and serve below it. */
  readonly passkeyHost: string;
  /** Mails about accounts that one network may cause in an hour. */
  readonly mailsPerNetwork: number;
  /** Registrations that one network may try in an hour. */
  readonly registrationsPerNetwork: number;
  /** Requests that one API key may make in a minute. */
  readonly apiKeyRequests: number;
  readonly jobConcurrency: number;
  readonly shutdownGraceMs: number;
  /** An order that nobody paid gives its stock back after this many minutes. */
  readonly unpaidOrderMinutes: number;
  /** Where files are kept; null: in the data folder. */
  readonly s3: S3Settings | null;
  /** What the addresses of pictures begin with, such as a CDN before this store; empty: they are paths. */
  readonly mediaBaseUrl: string;
  readonly mediaMaxBytes: number;
  readonly mediaMaxPixels: number;
  /** Uploads that no product has used for so many days are deleted; 0: never. */
  readonly mediaUnusedDays: number;
  readonly logLevel: string;
  /** Name of the place where the process kills itself; only when NODE_ENV is `test`. */
  readonly failpoint: string | null;
  #secret: string | null;
  readonly #previousSecret: string | null;
  private readonly keys = new Map<string, Buffer>();

  constructor(environment: Record<string, string | undefined>) {
    const env = new Reader(environment);
    this.production =
      env.oneOf('NODE_ENV', ['production', 'development', 'test'], 'development') === 'production';
    this.test = environment.NODE_ENV === 'test';
    this.role = env.oneOf('ROLE', ['all', 'api', 'worker'], 'all');
    this.port = env.integer('PORT', 3000, 0, 65_535);
    this.host = env.text('HOST') ?? (this.production ? '0.0.0.0' : '127.0.0.1');
    this.trustedProxies = env.networks('TRUSTED_PROXIES');
    this.corsOrigins = env.origins('CORS_ORIGINS', this.production);
    this.metricsToken = env.text('METRICS_TOKEN');
    if (this.metricsToken !== null && this.metricsToken.length < 16)
      throw new BadSetting('METRICS_TOKEN', 'use at least 16 characters: openssl rand -hex 16');
    this.dataDir = resolve(env.text('DATA_DIR') ?? '.data');
    this.databaseUrl = env.url('DATABASE_URL', ['postgres:', 'postgresql:']);
    this.databasePool = env.integer('DATABASE_POOL', 16, 2, 200);
    this.redisUrl = env.url('REDIS_URL', ['redis:', 'rediss:']);
    this.smtpUrl = env.url('SMTP_URL', ['smtp:', 'smtps:']);
    this.mailFrom = env.sender('MAIL_FROM') ?? 'Guildhall <shop@localhost>';
    this.shopName = env.text('SHOP_NAME') ?? 'Guildhall';
    this.publicUrl = (env.url('PUBLIC_URL', ['http:', 'https:']) ?? `http://localhost:${this.port}`).replace(
      /\/$/,
      '',
    );
    const providers = readOidcProviders(env.text('OIDC_PROVIDERS') ?? '[]', this.production);
    if (typeof providers === 'string') throw new BadSetting('OIDC_PROVIDERS', providers);
    this.oidcProviders = providers;
    this.oidcReturnUrls = env.returnUrls('OIDC_RETURN_URLS', this.publicUrl);
    this.storeCurrency = env.text('STORE_CURRENCY') ?? 'EUR';
    if (!isCurrency(this.storeCurrency))
      throw new BadSetting('STORE_CURRENCY', 'use an ISO 4217 code in capitals, such as EUR or GBP');
    this.adminEmail = env.text('ADMIN_EMAIL');
    if (this.adminEmail !== null && !isEmail(this.adminEmail))
      throw new BadSetting('ADMIN_EMAIL', 'use an e-mail address such as ada@example.com');
    this.adminPassword = env.text('ADMIN_PASSWORD');
    if ((this.adminEmail === null) !== (this.adminPassword === null)) {
      throw new BadSetting('ADMIN_EMAIL, ADMIN_PASSWORD', 'set both or neither');
    }
    // Taking the setting in silence would let somebody believe that cards are charged.
    if (env.text('STRIPE_API_KEY') !== null)
      throw new BadSetting('STRIPE_API_KEY', 'this version has no Stripe adapter: leave it out');
    this.testGatewayUrl = env.url('TEST_GATEWAY_URL', ['http:']);
    this.gatewayTimeoutMs = env.integer('GATEWAY_TIMEOUT_MS', 10_000, 100, 60_000);
    this.demoStore = env.oneOf('DEMO_STORE', ['on', 'off'], 'on') === 'on' && !this.production;
    this.pageCache = env.oneOf('PAGE_CACHE', ['on', 'off'], 'on') === 'on';
    this.hashConcurrency = env.integer('HASH_CONCURRENCY', Math.min(4, availableParallelism()), 1, 64);
    this.minimumPasswordLength = env.integer('MINIMUM_PASSWORD_LENGTH', 15, 8, 64);
    this.breachCheck = env.oneOf('BREACH_CHECK', ['local', 'hibp'], 'local');
    const hibpUrl = env.url('HIBP_URL', ['http:', 'https:']) ?? 'https://api.pwnedpasswords.com';
    this.hibpUrl = hibpUrl.replace(/\/$/, '');
    this.blockedPasswords = env.lines('BLOCKED_PASSWORDS_FILE');
    const staff = this.production ? 'required' : 'optional';
    this.staffSecondFactor = env.oneOf('STAFF_SECOND_FACTOR', ['required', 'optional'], staff);
    this.totpPastSteps = env.integer('TOTP_PAST_STEPS', 1, 0, 1);
    this.passkeyOrigins = env.passkeyOrigins('PASSKEY_ORIGINS', this.publicUrl);
    this.passkeyHost = new URL(this.passkeyOrigins[0] ?? this.publicUrl).hostname;
    this.mailsPerNetwork = env.integer('MAILS_PER_NETWORK', 20, 1, 1_000_000);
    this.registrationsPerNetwork = env.integer('REGISTRATIONS_PER_NETWORK', 100, 1, 1_000_000);
    this.apiKeyRequests = env.integer('API_KEY_REQUESTS_PER_MINUTE', 600, 1, 1_000_000);
    this.jobConcurrency = env.integer('JOB_CONCURRENCY', 8, 1, 64);
    this.shutdownGraceMs = env.integer('SHUTDOWN_GRACE_MS', this.production ? 2_000 : 0, 0, 20_000);
    this.unpaidOrderMinutes = env.integer('UNPAID_ORDER_MINUTES', 30, 1, 10_080);
    this.s3 = env.s3();
    this.mediaBaseUrl = env.baseUrl('MEDIA_BASE_URL') ?? '';
    this.mediaMaxBytes = env.integer('MEDIA_MAX_MEGABYTES', 20, 1, 200) * 1024 * 1024;
    this.mediaMaxPixels = env.integer('MEDIA_MAX_MEGAPIXELS', 50, 1, 250) * 1_000_000;
    this.mediaUnusedDays = env.integer('MEDIA_UNUSED_DAYS', 30, 0, 3_650);
    this.logLevel = env.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'info');
    this.failpoint = this.test ? env.text('FAILPOINT') : null;
    if (this.production && this.testGatewayUrl) {
      throw new BadSetting('TEST_GATEWAY_URL', 'the test gateway moves no money: leave it out in production');
    }
    this.#secret = env.text('SECRET_KEY');
    if (this.#secret !== null && this.#secret.length < 32)
      throw new BadSetting('SECRET_KEY', 'use at least 32 characters: openssl rand -hex 32');
    if (this.#secret === null && this.production)
      throw new BadSetting('SECRET_KEY', 'required in production: openssl rand -hex 32');
    this.#previousSecret = env.text('SECRET_KEY_PREVIOUS');
    if (this.#previousSecret !== null && this.#secret === null)
      throw new BadSetting('SECRET_KEY_PREVIOUS', 'it is the one before SECRET_KEY: set that too');
    Object.freeze(this);
  }

  /** A 256-bit key for one purpose (`pepper`, `cursor`, …), derived from SECRET_KEY by HKDF. */
  key(purpose: string): Buffer {
    const known = this.keys.get(purpose);
    if (known) return known;
    const key = derive((this.#secret ??= this.ownSecret()), purpose);
    this.keys.set(purpose, key);
    return key;
  }

  /**
   * The keys of a purpose whose work outlives a change of SECRET_KEY: the present one first, which protects what is new,
   * then the one of SECRET_KEY_PREVIOUS, which only opens what is old. Never empty.
   */
  keyRing(purpose: string): [NamedKey, ...NamedKey[]] {
    const present = named(this.key(purpose));
    return this.#previousSecret === null
      ? [present]
      : [present, named(derive(this.#previousSecret, purpose))];
  }

  /** Made when a key is first asked for: whoever only reads the settings leaves no folder behind. */
  private ownSecret(): string {
    const file = join(this.dataDir, 'secret.key');
    makeFolder(this.dataDir);
    try {
      writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // An earlier start made it, or another process of the same data folder was quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return readFileSync(file, 'utf8').trim();
  }
}

const derive = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'guildhall', purpose, 32));

const named = (key: Buffer): NamedKey => ({
  id: createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8),
  key,
});

class Reader {
  constructor(private readonly env: Record<string, string | undefined>) {}

  text(key: string): string | null {
    const value = this.env[key]?.trim();
    return value ? value : null;
  }

  integer(key: string, fallback: number, min: number, max: number): number {
    const text = this.text(key);
    if (text === null) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new BadSetting(key, `use a whole number from ${min} to ${max}`);
    }
    return value;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(key);
    if (text === null) return fallback;
    const value = allowed.find((candidate) => candidate === text);
    if (value === undefined) throw new BadSetting(key, `use one of ${allowed.join(', ')}`);
    return value;
  }

  /** The lines of a file, without those that are empty. */
  lines(key: string): string[] {
    const path = this.text(key);
    if (path === null) return [];
    const bad = new BadSetting(
      key,
      'use a text file (UTF-8, up to 1 MB) that can be read, with a word a line',
    );
    let content: Buffer;
    try {
      content = readFileSync(path);
    } catch {
      throw bad;
    }
    if (content.length > 1_000_000 || !isUtf8(content)) throw bad;
    const lines = content
      .toString('utf8')
      .split(/\r?\n/)
      .map((line) => line.trim());
    const words = lines.filter((line) => line !== '' && !line.startsWith('#'));
    // A file that holds nothing, or something that is no list, is another one than was meant.
    if (words.length === 0 || words.some((word) => word.length > 200 || /\p{Cc}/u.test(word))) throw bad;
    return words;
  }

  networks(key: string): string[] {
    const given = (this.text(key) ?? '').split(',').map((part) => part.trim());
    const networks = given.filter((part) => part !== '');
    for (const network of networks) {
      const [address = '', length = '0', ...rest] = network.split('/');
      const most = isIP(address) === 4 ? 32 : 128;
      if (isIP(address) === 0 || !/^\d{1,3}$/.test(length) || Number(length) > most || rest.length > 0)
        throw new BadSetting(key, 'use addresses or networks such as 10.0.0.0/8, with commas between them');
    }
    return networks;
  }

  /** `*` is refused in production: which shops may ask is then known. */
  origins(key: string, production: boolean): CorsOrigins {
    const text = this.text(key);
    if (text === null) return production ? [] : 'loopback';
    if (text === '*' && !production) return 'any';
    const origins = text.split(',').map((part) => part.trim().replace(/\/$/, ''));
    for (const origin of origins) {
      if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
        throw new BadSetting(
          key,
          `use origins such as https://shop.example, with commas between them${production ? '' : ', or *'}`,
        );
      }
    }
    return origins;
  }

  /** An address, with or without a name before it. */
  sender(key: string): string | null {
    const text = this.text(key);
    if (text === null) return null;
    const address = /^[^<>\p{Cc}]*<([^<>]+)>$/u.exec(text)?.[1] ?? text;
    if (!isEmail(address, { require_tld: false }))
      throw new BadSetting(key, 'use an address such as shop@example.com or My Shop <shop@example.com>');
    return text;
  }

  /** The first one names the host; the others are at it or below it, or passkeys would not serve there. */
  passkeyOrigins(key: string, fallback: string): string[] {
    const given = (this.text(key) ?? new URL(fallback).origin).split(',').map((part) => part.trim());
    const [host] = given.map((part) => (URL.canParse(part) ? new URL(part).hostname : ''));
    for (const part of given) {
      const url = URL.canParse(part) ? new URL(part) : null;
      const below = url !== null && (url.hostname === host || url.hostname.endsWith(`.${host}`));
      if (!below || url.origin !== part || !['http:', 'https:'].includes(url.protocol))
        throw new BadSetting(
          key,
          'use origins such as https://shop.example, with commas between them, the shortest host first',
        );
    }
    return given;
  }

  returnUrls(key: string, fallback: string): [string, ...string[]] {
    const given = (this.text(key) ?? '').split(',').map((part) => part.trim());
    const [first = fallback, ...rest] = given.filter((part) => part !== '');
    const urls: [string, ...string[]] = [first, ...rest];
    // What is added to the query would be lost behind a fragment, and RFC 6749 3.1.2 forbids one.
    const fits = (url: string) =>
      URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !url.includes('#');
    if (!urls.every(fits))
      throw new BadSetting(key, 'use whole URLs (http or https) without #, with commas between them');
    return urls;
  }

  /** A URL that paths are put behind; no slash at its end. */
  baseUrl(key: string): string | null {
    const text = this.url(key, ['http:', 'https:']);
    if (text === null) return null;
    const { href, search, hash, username } = new URL(text);
    if (search || hash || username) throw new BadSetting(key, 'use a URL without user, ? and #');
    return href.replace(/\/+$/, '');
  }

  /** All of the bucket's settings or none. */
  s3(): S3Settings | null {
    const keys = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];
    const missing = keys.filter((key) => this.text(key) === null);
    if (missing.length === keys.length && this.text('S3_REGION') === null) return null;
    if (missing.length > 0) throw new BadSetting(missing.join(', '), 'files on S3 need all of these');
    const word = (key: string, form: RegExp, remedy: string) => {
      const text = this.text(key) ?? '';
      if (!form.test(text)) throw new BadSetting(key, remedy);
      return text;
    };
    return {
      endpoint: this.baseUrl('S3_ENDPOINT') ?? '',
      region:
        this.text('S3_REGION') === null
          ? 'auto'
          : word('S3_REGION', /^[\w-]{1,60}$/, 'use a name such as eu-central-1'),
      bucket: word('S3_BUCKET', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'use the name of the bucket alone'),
      accessKeyId: word('S3_ACCESS_KEY_ID', /^[\x21-\x7e]{1,200}$/, 'use the id of the key alone'),
      secretAccessKey: word(
        'S3_SECRET_ACCESS_KEY',
        /^[\x21-\x7e]{1,200}$/,
        'use the secret of the key alone',
      ),
    };
  }

  url(key: string, protocols: string[]): string | null {
    const text = this.text(key);
    if (text === null) return null;
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
      throw new BadSetting(key, `use a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    }
    return text;
  }
}

/** The settings of this process. The only reader of `process.env`. */
export function loadConfig(overrides: Record<string, string | undefined> = {}): Config {
  return new Config({ ...process.env, ...overrides });
}
