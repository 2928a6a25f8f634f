/** An OpenID Connect provider that the shop is registered with. */
export interface OidcProvider {
  /** Stands in paths, and in the links of accounts: it must not change. */
  readonly code: string;
  /** What the button says. */
  readonly title: string;
  /** As the provider writes it; `/.well-known/openid-configuration` below it tells the rest. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const SHAPE: Readonly<Record<keyof OidcProvider, RegExp>> = {
  code: /^[a-z][a-z\d-]{0,29}$/,
  title: /^.{1,60}$/u,
  issuer: /^https?:\/\/[^?#]{1,300}$/,
  clientId: /^[\x20-\x7e]{1,300}$/,
  clientSecret: /^[\x20-\x7e]{1,1000}$/,
};
const KEYS = Object.keys(SHAPE) as (keyof OidcProvider)[];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The providers of the setting, or what is wrong with it: the place and the remedy, never the content. */
export function readOidcProviders(text: string, production: boolean): readonly OidcProvider[] | string {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return `use a JSON list of objects with ${KEYS.join(', ')}`;
  }
  if (!Array.isArray(list)) return `use a JSON list of objects with ${KEYS.join(', ')}`;
  const codes = new Set<string>();
  for (const [index, one] of list.entries()) {
    const entry = `entry ${index + 1}`;
    if (!isProvider(one)) return `${entry}: needs exactly ${KEYS.join(', ')}, each a text that can be one`;
    const { protocol, hostname } = new URL(one.issuer);
    // Whoever can read or change what is said on the way could sign in as anybody.
    if (protocol === 'http:' && (production || !LOOPBACK.test(hostname)))
      return `${entry}: the issuer must be https (http only on this machine, and not in production)`;
    if (codes.has(one.code)) return `${entry}: its code is there already`;
    codes.add(one.code);
  }
  return Object.freeze((list as OidcProvider[]).map((one) => Object.freeze(one)));
}

function isProvider(value: unknown): value is OidcProvider {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== KEYS.length) return false;
  const given = value as Record<string, unknown>;
  const fits = (key: keyof OidcProvider) => typeof given[key] === 'string' && SHAPE[key].test(given[key]);
  return KEYS.every(fits) && URL.canParse(given.issuer as string);
}
