import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isEmail, isIBAN } from 'class-validator';
import { BadSetting } from './setting.js';

/** Which pages of other origins may read answers: all, those of this machine, or exactly these. */
export type CorsOrigins = 'any' | 'loopback' | readonly string[];

/** A bucket for files. */
export interface S3Settings {
  /** Without the bucket and without a slash at the end. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Where buyers transfer money to. */
export interface BankAccount {
  holder: string;
  iban: string;
  bic: string | null;
}

/** What stands in the environment, as what it is meant to be: absent, of the right form, or refused by its name. */
export class Environment {
  constructor(private readonly env: Record<string, string | undefined>) {}

  text(key: string): string | null {
    const value = this.env[key]?.trim();
    return value ? value : null;
  }

  /** A word that nobody is to guess. */
  secret(key: string, length: number): string | null {
    const value = this.text(key);
    if (value !== null && value.length < length)
      throw new BadSetting(key, `use at least ${length} characters: openssl rand -hex ${length}`);
    return value;
  }

  /** Words that nobody is to guess, with commas between them. */
  list(key: string, length: number): string[] {
    const words = (this.text(key) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    if (words.some((word) => word.length < length || /\s/.test(word)))
      throw new BadSetting(key, `use words of at least ${length} characters, with commas between them`);
    return words;
  }

  /** Where a secret may be sent: encrypted, or no further than this machine. Without a path. */
  httpsOrLoopback(key: string): string | null {
    const text = this.url(key, ['http:', 'https:']);
    if (text === null) return null;
    const { protocol, hostname, pathname, search } = new URL(text);
    const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
    if ((protocol !== 'https:' && !isHere) || pathname !== '/' || search !== '')
      throw new BadSetting(key, 'use an https address without a path, or one of this machine');
    return text;
  }

  /** Secrets of others by their codes: `dhl=…,ups=…`. */
  secretsByCode(key: string, length: number): Map<string, string> {
    const pairs = (this.text(key) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => /^([a-z0-9][a-z0-9-]{0,39})=(\S+)$/.exec(part));
    const secrets = new Map<string, string>();
    for (const pair of pairs) {
      const [, code = '', secret = ''] = pair ?? [];
      if (secret.length < length || secrets.has(code))
        throw new BadSetting(
          key,
          `use pairs such as dhl=SECRET, with commas between them; each secret has at least ${length} characters`,
        );
      secrets.set(code, secret);
    }
    return secrets;
  }

  /** A postal address in one line, its lines parted by bars: `Guildhall | Weavers' Row 3 | 10115 Berlin`. */
  addressLines(key: string): string[] {
    const text = this.text(key);
    if (text === null) return [];
    const lines = text.split('|').map((line) => line.trim());
    if (lines.length > 8 || lines.some((line) => line === '' || line.length > 80 || /\p{Cc}/u.test(line)))
      throw new BadSetting(key, 'use up to eight lines of 80 characters with | between them');
    return lines;
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

  /** Whole numbers from 1 up, each larger than the one before; `off` for none. */
  rising(key: string, fallback: readonly number[], max: number): readonly number[] {
    const text = this.text(key);
    if (text === null) return fallback;
    if (text === 'off') return [];
    const values = text.split(',').map((part) => Number(part.trim()));
    const fits = values.every(
      (value, index) => Number.isInteger(value) && value > (values[index - 1] ?? 0) && value <= max,
    );
    if (!fits || values.length > 10)
      throw new BadSetting(
        key,
        `use up to ten whole numbers from 1 to ${max}, rising, with commas between them, or off`,
      );
    return values;
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
  bankAccount(): BankAccount | null {
    if (this.oneOf('BANK_TRANSFER', ['on', 'off'], 'off') === 'off') return null;
    const holder = this.text('BANK_ACCOUNT_HOLDER');
    const iban = this.text('BANK_IBAN')?.replaceAll(' ', '').toUpperCase() ?? '';
    if (holder === null || !isIBAN(iban))
      throw new BadSetting(
        'BANK_ACCOUNT_HOLDER, BANK_IBAN',
        'BANK_TRANSFER=on needs the holder and a valid IBAN',
      );
    return { holder, iban, bic: this.text('BANK_BIC') };
  }

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
