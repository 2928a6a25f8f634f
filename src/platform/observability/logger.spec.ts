import { JsonLogger } from './logger.js';

const CANARY = 'canary-7f3a';
const ADDRESS = `${CANARY}@buyer.test`;

describe('the log', () => {
  const lines: string[] = [];
  const logger = new JsonLogger('debug', { write: (line) => void lines.push(line) });
  beforeEach(() => void (lines.length = 0));

  it.each([
    ['a password', { password: CANARY }],
    ['a new password', { body: { newPassword: CANARY } }],
    ['an address', { email: ADDRESS }],
    ['a recipient', { letter: { to: ADDRESS } }],
    ['a session', { accessToken: CANARY, refreshToken: CANARY }],
    ['the header that signs in', { headers: { authorization: `Bearer ${CANARY}` } }],
    ['cookies', { headers: { cookie: CANARY, 'set-cookie': [CANARY] } }],
    ['the token of a cart', { request: { headers: { 'x-cart-token': CANARY } } }],
    ['an Idempotency-Key', { headers: { 'idempotency-key': CANARY } }],
    ['the token of a link', { link: { token: CANARY } }],
    ['the data of a mail', { mail: { data: { name: CANARY } } }],
  ])('never holds %s', (_what, fields) => {
    logger.warn(fields, 'something happened', 'Spec');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(CANARY);
    expect(lines[0]).toContain('[redacted]');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', context: 'Spec' });
  });

  it('tells what failed in the database without what people typed', () => {
    const error = Object.assign(
      new Error('duplicate key value violates unique constraint "people_email_key"'),
      {
        code: '23505',
        constraint: 'people_email_key',
        table: 'people',
        detail: `Key (email)=(${ADDRESS}) already exists.`,
        query: `INSERT INTO people VALUES ('${ADDRESS}')`,
        parameters: [ADDRESS],
        driverError: { detail: ADDRESS },
      },
    );
    logger.error(error, 'Spec');
    logger.error({ err: error }, 'it failed', 'Spec');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toContain(CANARY);
      expect(JSON.parse(line).err).toMatchObject({ code: '23505', constraint: 'people_email_key' });
    }
  });
});
