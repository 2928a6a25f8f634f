import { appendFileSync } from 'node:fs';
import type { Database } from '../../src/platform/database/database.js';

/**
 * Secrets and personal data must not get to where they do not belong. Every value that a test sends or receives under one
 * of these names is tracked; when the app of the test closes, its log, its problem documents and its tables are searched
 * for all of them.
 */
const SECRET = [
  'password',
  'presentPassword',
  'newPassword',
  'accessToken',
  'access_token',
  'refreshToken',
  'token',
  'deviceToken',
  'cartToken',
  'challenge',
  'secret',
  'clientSecret',
  'client_secret',
  'key',
  'uri',
  'recoveryCode',
  'recoveryCodes',
  'authorization',
  'cookie',
  'x-cart-token',
  'idempotency-key',
];
const PERSONAL = ['email', 'recipientEmail', 'firstName', 'lastName', 'line1', 'line2', 'phone', 'company'];

/** `code` is a secret where somebody signs in, and the name of a thing everywhere else. */
const SECRET_CODE = /^\/v1\/(auth|me\/mfa)\b/;

/** Shorter ones stand in other words. */
const MIN_LENGTH = 6;
/** Deeper is only what a test made to break a parser. */
const MAX_DEPTH = 20;
/** Numbers below that stand in instants. */
const MIN_DIGITS = 8;

/** Values that are no secret and no person, by their field, each with its reason. */
const HARMLESS: Record<string, { value: RegExp; reason: string }> = {
  token: {
    value: /^[a-z_]+$/,
    reason: 'what the test gateway takes for a card is a word that says what happens',
  },
  firstName: { value: /^Erased$/, reason: 'what stands where a name was' },
  lastName: { value: /^Erased$/, reason: 'the same' },
  line1: { value: /^Erased$/, reason: 'the same' },
  phone: { value: /^\+49 30 123456$/, reason: 'the message about malformed ones shows it as an example' },
};

/** Where what is searched for may be, each with its reason: a table or a column. */
const MAY_HOLD: Record<string, string> = {
  'platform.mails': 'the recipient and the link, until the letter is sent',
  'identity.accounts.email': 'passwords that are made of the address are tried, and refused for it',
  'identity.one_time_links.email': 'the same',
};

/** Who people are is kept in the one, and in neither a secret as it is. */
const SCHEMAS = ['identity', 'platform', 'bullmq'];
/** Where personal data is at home: there, only secrets are leaks. */
const PERSONAL_PLACES: Record<string, string> = {
  identity: 'it is what the module is for',
  'platform.idempotency_keys': 'an answer is kept for its repetition as it was, for three days',
};

interface Tracked {
  field: string;
  isSecret: boolean;
}

/** What was found: never the value itself. */
export interface Leak {
  field: string;
  place: string;
}

/** Of one test file: what its requests and answers held, and what was said about them. */
export class Canary {
  private readonly values = new Map<string, Tracked>();
  private readonly problems: { place: string; text: string }[] = [];
  private readonly lines: string[] = [];
  private readonly ignored = new Set<unknown>();
  private counted = 0;

  /** What a test puts into every field, whatever it is for, is nobody's address or secret. */
  ignore(values: readonly unknown[]): void {
    for (const value of values) this.ignored.add(value);
  }

  /** One line of the log of an app. */
  write(line: string): void {
    this.lines.push(line);
  }

  /** One request and its answer, each as an object or as the text that it was. */
  watch(
    { method, path, headers, body }: { method: string; path: string; headers: object; body: unknown },
    answer: { body: unknown; text: string; cookies: string[]; isProblem: boolean },
  ): void {
    const [pathname = '', query = ''] = path.split('?', 2);
    const sent = typeof body === 'string' ? read(body) : body;
    this.track(sent, SECRET_CODE.test(pathname));
    this.track(Object.fromEntries(new URLSearchParams(query)), false);
    this.track(headers, false);
    for (const cookie of answer.cookies) this.add('cookie', /^[^=]*=([^;]*)/.exec(cookie)?.[1], SECRET);
    if (answer.isProblem) {
      const route = pathname.replace(/\/[\da-f]{8}-[^/]+/g, '/{id}');
      this.problems.push({ place: `the problem that ${method} ${route} answers`, text: answer.text });
    } else this.track(answer.body, false);
  }

  /** Everything that was found in what this app has written; afterwards, the next one starts with an empty log. */
  async leaks(database: Database): Promise<Leak[]> {
    const matcher = new Matcher(this.values);
    const found = new Map<string, Leak>();
    const look = (place: string, text: string, isOfConcern: (tracked: Tracked) => boolean = () => true) => {
      for (const tracked of matcher.find(text))
        if (isOfConcern(tracked)) found.set(`${tracked.field} ${place}`, { field: tracked.field, place });
    };
    if (matcher.isIn(this.lines.join('\n')))
      for (const line of this.lines) look(`the log of ${sourceOf(line)}`, line);
    if (matcher.isIn(this.problems.map(({ text }) => text).join('\n')))
      for (const { place, text } of this.problems) look(place, text);
    const tables = await database.query<{ schema: string; name: string }>(TABLES, [SCHEMAS]);
    for (const { schema, name } of tables.filter((table) => !(`${table.schema}.${table.name}` in MAY_HOLD))) {
      const table = `${schema}.${name}`;
      const isAtHome = schema in PERSONAL_PLACES || table in PERSONAL_PLACES;
      const rows = await database.query<Record<string, unknown>>(`SELECT * FROM ${table}`);
      for (const column of Object.keys(rows[0] ?? {})) {
        const place = `${table}.${column}`;
        const text = rows.map((row) => textOf(row[column])).join('\n');
        if (!(place in MAY_HOLD)) look(place, text, ({ isSecret }) => isSecret || !isAtHome);
      }
    }
    this.count(tables.length + 2, found.size);
    this.lines.length = 0;
    this.problems.length = 0;
    return [...found.values()];
  }

  /** For the line at the end of the run, which the global teardown writes. */
  private count(places: number, hits: number): void {
    const file = process.env.TEST_CANARY_FILE;
    if (file) appendFileSync(file, `${this.values.size - this.counted} ${places} ${hits}\n`);
    this.counted = this.values.size;
  }

  private track(value: unknown, codesAreSecret: boolean, depth = 0): void {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array || depth > MAX_DEPTH)
      return;
    for (const [name, item] of Object.entries(value)) {
      for (const text of [item].flat() as unknown[]) {
        if (codesAreSecret && name === 'code') this.add(name, text, ['code']);
        this.add(name, text, SECRET);
        this.add(name, text, PERSONAL);
      }
      this.track(item, codesAreSecret, depth + 1);
    }
  }

  private add(field: string, value: unknown, names: readonly string[]): void {
    if (typeof value !== 'string' || !names.includes(field)) return;
    const text = field === 'authorization' ? value.replace(/^\w+ /, '') : value;
    if (text.length < (/^\d+$/.test(text) ? MIN_DIGITS : MIN_LENGTH)) return;
    if (HARMLESS[field]?.value.test(text) || this.ignored.has(text)) return;
    const tracked = { field, isSecret: names !== PERSONAL };
    for (const shape of [
      text,
      encodeURIComponent(Buffer.from(text).toString()),
      JSON.stringify(text).slice(1, -1),
    ])
      this.values.set(shape.toLowerCase(), tracked);
  }
}

/** The one of this test file. */
export const canary = new Canary();

/** Finds many texts in one go: what begins like none of them is passed over at the price of a look into a table. */
class Matcher {
  private readonly starts = new Uint8Array(1 << 16);
  private readonly byStart = new Map<string, [string, Tracked][]>();

  constructor(values: ReadonlyMap<string, Tracked>) {
    for (const [value, tracked] of values) {
      this.starts[slot(firstFour(value))] = 1;
      const start = value.slice(0, MIN_LENGTH);
      this.byStart.set(start, [...(this.byStart.get(start) ?? []), [value, tracked]]);
    }
  }

  isIn(text: string): boolean {
    return !this.find(text).next().done;
  }

  *find(text: string): Generator<Tracked> {
    const low = text.toLowerCase();
    for (let at = this.next(low, 0); at !== -1; at = this.next(low, at + 1)) {
      for (const [value, tracked] of this.byStart.get(low.slice(at, at + MIN_LENGTH)) ?? [])
        if (low.startsWith(value, at) && standsAlone(low, at, value.length)) yield tracked;
    }
  }

  /** The next place, from this one on, where something may begin; -1 when there is none. */
  private next(low: string, from: number): number {
    const { starts } = this;
    let four = firstFour(low.slice(from, from + 3));
    for (let end = from + 3; end < low.length; end++) {
      four = (four << 8) | (low.charCodeAt(end) & 0xff);
      if (starts[slot(four)] !== 0) return end - 3;
    }
    return -1;
  }
}

/** The lower bytes of the first four characters as one number. */
const firstFour = (text: string): number => {
  let four = 0;
  for (let at = 0; at < 4 && at < text.length; at++) four = (four << 8) | (text.charCodeAt(at) & 0xff);
  return four;
};

const slot = (four: number): number => Math.imul(four, 0x9e3779b1) >>> 16;

/** A short one may be the beginning or the end of another word. */
const standsAlone = (text: string, at: number, length: number): boolean =>
  length >= 12 || !(/[\p{L}\d]/u.test(text[at - 1] ?? ' ') || /[\p{L}\d]/u.test(text[at + length] ?? ' '));

/** As it is kept. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('latin1') : (JSON.stringify(value) ?? '');
}

/** Who wrote the line. */
function sourceOf(line: string): string {
  const { context, level } = (read(line) ?? {}) as { context?: string; level?: string };
  return `${context ?? 'requests'} (${level ?? 'no level'})`;
}

/** The JSON in it, or the form that it is. */
function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text.includes('=') ? Object.fromEntries(new URLSearchParams(text)) : undefined;
  }
}

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1) AND c.relkind = 'r' ORDER BY 1, 2`;
