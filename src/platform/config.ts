import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { isEmail } from 'class-validator';
import { type BankAccount, type CorsOrigins, Environment, type S3Settings } from './environment.js';
import { canonicalLocale } from './http/locale.js';
import { isCurrency } from './money/currencies.js';
import { type OidcProvider, readOidcProviders } from './oidc-providers.js';
import { type SecretKeys, secretKeys } from './secret-keys.js';
import { BadSetting } from './setting.js';

export type Role = 'all' | 'api' | 'worker';

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
  /** The language of texts that have not been translated, as a BCP 47 tag. */
  readonly storeLocale: string;
  readonly adminEmail: string | null;
  readonly adminPassword: string | null;
  readonly testGatewayUrl: string | null;
  /** Set: payments go to Stripe and the test gateway is not used. */
  readonly stripeApiKey: string | null;
  /** Of the endpoint at Stripe; several while one takes the place of another. */
  readonly stripeWebhookSecrets: readonly string[];
  /** Where Stripe is spoken to instead of its own address: a stand-in on this machine, or a proxy. */
  readonly stripeApiUrl: string | null;
  /** How long the payment gateway may take before the outcome counts as unknown. */
  readonly gatewayTimeoutMs: number;
  /** Who is asked for the prices of carriers; null: nobody. */
  readonly carrierRatesUrl: string | null;
  readonly carrierRatesKey: string | null;
  /** How long a cart waits for them before it shows the prices of its own. */
  readonly carrierRatesTimeoutMs: number;
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
  /** For so long a refresh token that was used already gives its successor again: a lost answer, two tabs. */
  readonly refreshGraceSeconds: number;
  /** Mails about accounts that one network may cause in an hour. */
  readonly mailsPerNetwork: number;
  /** Registrations that one network may try in an hour. */
  readonly registrationsPerNetwork: number;
  /** Carts that guests of one network may make in an hour. */
  readonly cartsPerNetwork: number;
  /** Hours after its last change at which a cart that was left behind is reminded of; none: never. */
  readonly cartReminderHours: readonly number[];
  /** Carts of guests that nobody has touched for so many days are deleted, and those of customers. */
  readonly cartGuestDays: number;
  readonly cartCustomerDays: number;
  /** Requests that one API key may make in a minute. */
  readonly apiKeyRequests: number;
  readonly jobConcurrency: number;
  readonly shutdownGraceMs: number;
  /** Who says whether a VAT id is in the register, and who says the tax; null: nobody is asked. */
  readonly vatCheckUrl: string | null;
  readonly taxProviderUrl: string | null;
  readonly taxProviderToken: string | null;
  /** When the provider does not answer: taxes by the zones of the shop, or nothing is sold. */
  readonly taxProviderFallback: 'zones' | 'refuse';
  /** How long either may take before the shop goes on without it. */
  readonly taxTimeoutMs: number;
  /** `manual`: money of orders is held when they are placed, and staff capture it. */
  readonly paymentCapture: 'automatic' | 'manual';
  /** Where buyers may transfer money to; null: they may not. */
  readonly bankTransfer: BankAccount | null;
  /** For so many days an order waits for its transfer. */
  readonly bankTransferDays: number;
  /** An order that nobody paid gives its stock back after this many minutes. */
  readonly unpaidOrderMinutes: number;
  /** For so many days a link to pay holds, and with it what a draft order holds, unless staff say otherwise. */
  readonly paymentLinkDays: number;
  /** Secrets by which carriers sign what they tell, by the code of the carrier; one that is not here may tell nothing. */
  readonly carrierSecrets: ReadonlyMap<string, string>;
  /** Whether buyers get a letter when something has arrived. */
  readonly deliveredLetters: boolean;
  /** Lines of the address that returns go to; none: it is not written on packing slips. */
  readonly returnAddress: readonly string[];
  /** Where files are kept; null: in the data folder. */
  readonly s3: S3Settings | null;
  /** What the addresses of pictures begin with, such as a CDN before this store; empty: they are paths. */
  readonly mediaBaseUrl: string;
  readonly mediaMaxBytes: number;
  readonly mediaMaxPixels: number;
  /** Of one file of a digital variant. */
  readonly digitalFileMaxBytes: number;
  /** Uploads that no product has used for so many days are deleted; 0: never. */
  readonly mediaUnusedDays: number;
  readonly logLevel: string;
  /** Name of the place where the process kills itself; only when NODE_ENV is `test`. */
  readonly failpoint: string | null;
  /** Keys of this store, made of SECRET_KEY. */
  readonly key: SecretKeys['key'];
  readonly keyRing: SecretKeys['keyRing'];

  constructor(environment: Record<string, string | undefined>) {
    const env = new Environment(environment);
    this.production =
      env.oneOf('NODE_ENV', ['production', 'development', 'test'], 'development') === 'production';
    this.test = environment.NODE_ENV === 'test';
    this.role = env.oneOf('ROLE', ['all', 'api', 'worker'], 'all');
    this.port = env.integer('PORT', 3000, 0, 65_535);
    this.host = env.text('HOST') ?? (this.production ? '0.0.0.0' : '127.0.0.1');
    this.trustedProxies = env.networks('TRUSTED_PROXIES');
    this.corsOrigins = env.origins('CORS_ORIGINS', this.production);
    this.metricsToken = env.secret('METRICS_TOKEN', 16);
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
    const locale = canonicalLocale(env.text('STORE_LOCALE') ?? 'en');
    if (locale === null) throw new BadSetting('STORE_LOCALE', 'use a language tag such as en or de-AT');
    this.storeLocale = locale;
    this.adminEmail = env.text('ADMIN_EMAIL');
    if (this.adminEmail !== null && !isEmail(this.adminEmail))
      throw new BadSetting('ADMIN_EMAIL', 'use an e-mail address such as ada@example.com');
    this.adminPassword = env.text('ADMIN_PASSWORD');
    if ((this.adminEmail === null) !== (this.adminPassword === null)) {
      throw new BadSetting('ADMIN_EMAIL, ADMIN_PASSWORD', 'set both or neither');
    }
    this.stripeApiKey = env.secret('STRIPE_API_KEY', 16);
    this.stripeWebhookSecrets = env.list('STRIPE_WEBHOOK_SECRETS', 16);
    this.stripeApiUrl = env.httpsOrLoopback('STRIPE_API_URL');
    // Without a secret every notice of Stripe would be refused, and what takes its time would be found out an hour late.
    if (this.stripeApiKey !== null && this.stripeWebhookSecrets.length === 0)
      throw new BadSetting(
        'STRIPE_WEBHOOK_SECRETS',
        'set the signing secret (whsec_…) of the endpoint at Stripe',
      );
    this.testGatewayUrl = env.url('TEST_GATEWAY_URL', ['http:']);
    if (this.stripeApiKey !== null && this.testGatewayUrl !== null)
      throw new BadSetting('STRIPE_API_KEY, TEST_GATEWAY_URL', 'set one of them: a shop has one gateway');
    this.gatewayTimeoutMs = env.integer('GATEWAY_TIMEOUT_MS', 10_000, 100, 60_000);
    this.carrierRatesUrl = env.url('CARRIER_RATES_URL', ['http:', 'https:']);
    this.carrierRatesKey = env.secret('CARRIER_RATES_KEY', 8);
    this.carrierRatesTimeoutMs = env.integer('CARRIER_RATES_TIMEOUT_MS', 1_500, 50, 10_000);
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
    this.refreshGraceSeconds = env.integer('REFRESH_GRACE_SECONDS', 10, 0, 60);
    this.mailsPerNetwork = env.integer('MAILS_PER_NETWORK', 20, 1, 1_000_000);
    this.registrationsPerNetwork = env.integer('REGISTRATIONS_PER_NETWORK', 100, 1, 1_000_000);
    this.cartsPerNetwork = env.integer('CARTS_PER_NETWORK', 2_000, 1, 1_000_000);
    this.cartReminderHours = env.rising('CART_REMINDER_HOURS', [4, 24], 8_760);
    this.cartGuestDays = env.integer('CART_GUEST_DAYS', 30, 1, 3_650);
    this.cartCustomerDays = env.integer('CART_CUSTOMER_DAYS', 180, 1, 3_650);
    this.apiKeyRequests = env.integer('API_KEY_REQUESTS_PER_MINUTE', 600, 1, 1_000_000);
    this.jobConcurrency = env.integer('JOB_CONCURRENCY', 8, 1, 64);
    this.shutdownGraceMs = env.integer('SHUTDOWN_GRACE_MS', this.production ? 2_000 : 0, 0, 20_000);
    this.vatCheckUrl = env.url('VAT_CHECK_URL', ['http:', 'https:'])?.replace(/\/$/, '') ?? null;
    this.taxProviderUrl = env.url('TAX_PROVIDER_URL', ['http:', 'https:']);
    this.taxProviderToken = env.secret('TAX_PROVIDER_TOKEN', 8);
    this.taxProviderFallback = env.oneOf('TAX_PROVIDER_FALLBACK', ['zones', 'refuse'], 'zones');
    this.taxTimeoutMs = env.integer('TAX_TIMEOUT_MS', 3_000, 100, 30_000);
    this.paymentCapture = env.oneOf('PAYMENT_CAPTURE', ['automatic', 'manual'], 'automatic');
    this.bankTransfer = env.bankAccount();
    this.bankTransferDays = env.integer('BANK_TRANSFER_DAYS', 7, 1, 60);
    this.unpaidOrderMinutes = env.integer('UNPAID_ORDER_MINUTES', 30, 1, 10_080);
    this.paymentLinkDays = env.integer('PAYMENT_LINK_DAYS', 7, 1, 90);
    this.carrierSecrets = env.secretsByCode('CARRIER_WEBHOOK_SECRETS', 16);
    this.deliveredLetters = env.oneOf('DELIVERED_LETTERS', ['on', 'off'], 'on') === 'on';
    this.returnAddress = env.addressLines('RETURN_ADDRESS');
    this.s3 = env.s3();
    this.mediaBaseUrl = env.baseUrl('MEDIA_BASE_URL') ?? '';
    this.mediaMaxBytes = env.integer('MEDIA_MAX_MEGABYTES', 20, 1, 200) * 1024 * 1024;
    this.mediaMaxPixels = env.integer('MEDIA_MAX_MEGAPIXELS', 50, 1, 250) * 1_000_000;
    this.digitalFileMaxBytes = env.integer('DIGITAL_FILE_MAX_MEGABYTES', 50, 1, 1_000) * 1024 * 1024;
    this.mediaUnusedDays = env.integer('MEDIA_UNUSED_DAYS', 30, 0, 3_650);
    this.logLevel = env.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'info');
    this.failpoint = this.test ? env.text('FAILPOINT') : null;
    if (this.production && this.testGatewayUrl) {
      throw new BadSetting('TEST_GATEWAY_URL', 'the test gateway moves no money: leave it out in production');
    }
    const secret = env.secret('SECRET_KEY', 32);
    if (secret === null && this.production)
      throw new BadSetting('SECRET_KEY', 'required in production: openssl rand -hex 32');
    const previous = env.text('SECRET_KEY_PREVIOUS');
    if (previous !== null && secret === null)
      throw new BadSetting('SECRET_KEY_PREVIOUS', 'it is the one before SECRET_KEY: set that too');
    ({ key: this.key, keyRing: this.keyRing } = secretKeys(secret, previous, this.dataDir));
    Object.freeze(this);
  }
}

/** The settings of this process. The only reader of `process.env`. */
export function loadConfig(overrides: Record<string, string | undefined> = {}): Config {
  return new Config({ ...process.env, ...overrides });
}
