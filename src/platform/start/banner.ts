import type { BannerPart } from './first-start.js';

export interface BannerFacts {
  shopName: string;
  /** Where the server answers. */
  url: string;
  role: 'all' | 'api' | 'worker';
  /** In words: `embedded PostgreSQL in .data`, `DATABASE_URL`. */
  database: string;
  /** In words: `BullMQ on PostgreSQL`, `BullMQ on Redis`. */
  jobs: string;
  /** In words: `written to .data/mail`, `SMTP_URL`. */
  mail: string;
  /** In words: `the test gateway at http://127.0.0.1:4711`. */
  payments: string;
  /** Made at this start and shown this once. */
  administrator?: BannerPart['administrator'];
  /** A command that buys something, where something can be bought. */
  example?: string | undefined;
}

/** Where `npm run purchase` looks when it is not told. */
const USUAL_URL = 'http://localhost:3000';
const CHANGE_FIRST =
  'to be changed before anything else: sign in with POST /v1/auth/login, then POST /v1/me/password';

/** What a person reads after `npm start`: where everything is, and what to try next. */
export function banner(facts: BannerFacts): string {
  const rows: [label: string, text: string][] = [];
  if (facts.role !== 'worker') {
    rows.push(
      ['Store API', `${facts.url}/v1/products`],
      ['Reference', `${facts.url}/docs`],
      ['OpenAPI', `${facts.url}/openapi.json, ${facts.url}/openapi.admin.json`],
    );
  }
  rows.push(
    ['Health', `${facts.url}/health/ready`],
    ['Database', facts.database],
    ['Jobs', facts.jobs],
    ['Mail', facts.mail],
    ['Payments', facts.payments],
  );
  if (facts.administrator) {
    const { email, password, mustChangePassword } = facts.administrator;
    rows.push(['Administrator', `${email}  ${password}  (shown only this once)`]);
    if (mustChangePassword) rows.push(['', CHANGE_FIRST]);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = [
    `${facts.shopName} is open (ROLE=${facts.role}).`,
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
  ];
  if (facts.role !== 'worker' && facts.example) {
    const where = facts.url === USUAL_URL ? '' : ` -- --url ${facts.url}`;
    lines.push('', `  Play a whole purchase:  npm run purchase${where}`);
    lines.push('  Buy something by hand:', '', facts.example.replace(/^/gm, '    '));
  }
  return `\n${lines.join('\n')}\n`;
}
