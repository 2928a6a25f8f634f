import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import type { Answer } from './client.js';

const FILE = 'src/platform/openapi/answers.json';
const TOKEN = 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p';

/** What differs from run to run, or must not stand in a reference, by the name of its property. */
const FIXED: Readonly<Record<string, unknown>> = {
  access_token: `eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTkzM2I1ZSJ9.${TOKEN}`,
  key: `sk_test_4bYq2mXr7Lk9Pq3Ws5Tz8u_${TOKEN}_1a2b3c4d`,
  accessToken: `eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTkzM2I1ZSJ9.${TOKEN}`,
  refreshToken: `rt_01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.0.${TOKEN}`,
  deviceToken: `dt_1788888888.${TOKEN}`,
  token: TOKEN,
  previewToken: `01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.1795266826000.${TOKEN}`,
  cohort: '2026-11',
  month: '2026-11',
  aheadSeconds: 21_600,
  last4: 'HW5N',
  bookedOn: '2026-11-21',
  period: '2026-11',
  seal: '6f1c9d3be0a74f5c8e2b71d04a9c5e83f6b2d7a01c4e98f35b7d620ae1f4c893',
  head: '6f1c9d3be0a74f5c8e2b71d04a9c5e83f6b2d7a01c4e98f35b7d620ae1f4c893',
  asOf: 12,
  ageSeconds: 5400,
  issueDate: '2026-11-21',
  dueDate: '2026-12-05',
  nextCursor: `WyIwMTkzM2I1ZSJd.${TOKEN.slice(0, 22)}`,
  lastPosition: 1,
  gatewayRef: 'ch_4b3f9a2e71',
  withdrawalUrl: `https://shop.example.test/account/marketing?token=mw_01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.${TOKEN}`,
  fingerprint: '6f1c9d3be0a74f5c8e2b71d04a9c5e83f6b2d7a01c4e98f35b7d620ae1f4c893',
  prefix: 'sk_test_AaH-gPsdcGGzkdCTeV6JeQ',
  ipPrefix: '203.0.113.0/24',
  network: '203.0.113.0/24',
  exp: 1795266826,
  iat: 1795266226,
  userAgent: 'Firefox on Linux',
  challenge: TOKEN,
  quote: `${TOKEN}.${TOKEN}`,
  anchorDate: '2026-11-21',
  start: '2026-11-21',
  end: '2026-12-20',
  excludeCredentials: [],
  kid: TOKEN.slice(0, 8),
  recoveryCodes: Array.from({ length: 10 }, (_, row) => `${String(row + 1).padStart(2, '0')}-Q3KWA-M03PC`),
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  uri: 'otpauth://totp/Guildhall:ada%40example.test?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Guildhall',
  x: TOKEN,
  y: TOKEN,
};
/** Of jobs in motion, of which a run sees one state or the next. */
const IN_MOTION: Readonly<Record<string, unknown>> = {
  'startImport 202': { state: 'pending', startedAt: null, finishedAt: null },
  'getClockAdvancement 200': { steps: 2, facts: [{ type: 'ordering.order_expired', count: 1 }] },
};

/** Answers of the replayed examples, as examples of answers: the first of each operation and status. */
export class AnswerBook {
  private readonly answers: Record<string, Record<string, unknown>> = {};

  note(operationId: string, { status, body }: Answer): void {
    if (status >= 300 || typeof body !== 'object' || body === null) return;
    // A list of nothing shows nothing.
    if ((body as { items?: unknown[] }).items?.length === 0) return;
    const known = (this.answers[operationId] ??= {});
    const settled = IN_MOTION[`${operationId} ${status}`] ?? {};
    known[status] ??= { ...(steady(body as object) as object), ...settled };
  }

  has(operationId: string, status: string): boolean {
    return this.answers[operationId]?.[status] !== undefined;
  }

  /** Puts the book where the documents are made from. */
  async write(): Promise<void> {
    const sorted = Object.fromEntries(Object.entries(this.answers).sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = JSON.stringify(sorted);
    await writeFile(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
  }
}

/** The same in every run: ids by their order, one moment for all, and one item for a list. */
function steady(body: object): unknown {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    const known = ids.get(id) ?? `01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d${(0x8e + ids.size).toString(16)}`;
    ids.set(id, known);
    return known;
  };
  const short = 'items' in body ? { ...body, items: (body.items as unknown[]).slice(0, 1) } : body;
  return JSON.parse(
    JSON.stringify(short, (name, value: unknown) => {
      if (value !== null && typeof value === typeof FIXED[name]) return FIXED[name];
      if (typeof value !== 'string') return value;
      // Days of reports; other groups are words.
      if (name === 'group') return value.replace(/^\d{4}-\d\d-\d\d$/, '2026-11-21');
      return value
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, idOf)
        .replace(/SKU-[0-9a-f]{12}/, 'SKU-2f1c5a6b7d8e')
        .replace(/([?&]token=)[\w-]{43}$/, `$1${TOKEN}`)
        .replace(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)$/, '2026-11-21T10:00:00.000Z')
        .replace(/, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/, ', 2026-11-21 to 2026-12-20')
        .replace(/ × \d+ ÷ \d+ days /, ' × 30 ÷ 30 days ')
        .replace(/^[\w-]{86}$/, TOKEN + TOKEN)
        .replace(/^txn_.*/, 'txn_4')
        .replace(/^(ch|po)_[0-9a-f]{16,}$/, '$1_4b3f9a2e71')
        .replace(/^(test:\w+:)?(TEST-)?(CN-)?\d{4}-(\d{6})?$/, '$1$2$32026-$4')
        .replace(/^\/v1\/downloads\/[\w-]+$/, `/v1/downloads/${TOKEN}`)
        .replace(/(\/v1\/feeds\/merchant\/)[\w-]{43}$/, `$1${TOKEN}`)
        .replace(/^http:\/\/127\.0\.0\.1:\d+\/challenge\/\w+/, 'https://bank.example.test/challenge/4')
        .replace(
          /^http:\/\/127\.0\.0\.1:\d+\/auth\?.*/,
          `https://acme.example/auth?client_id=guildhall&state=${TOKEN}`,
        );
    }),
  );
}
