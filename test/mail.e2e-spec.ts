import { newId } from '../src/platform/ids.js';
import { Mail } from '../src/platform/mail/mail.js';
import { defineMail } from '../src/platform/mail/templates.js';
import { startApp, type TestApp } from './support/app.js';
import { SmtpServer } from './support/smtp.js';

const TO = 'canary@buyer.test';
const { name: TEMPLATE } = defineMail('test_note', ({ note }: { note: string }) => ({
  subject: 'A note',
  paragraphs: [note],
}));

describe('mail', () => {
  const smtp = new SmtpServer();
  let app: TestApp;
  let mail: Mail;

  beforeAll(async () => {
    app = await startApp({ SMTP_URL: await smtp.start() });
    mail = app.app.get(Mail);
  });
  afterAll(async () => {
    await app?.close();
    await smtp.stop();
  });

  const request = (subjectId: string, note = 'hello') =>
    app.database.transaction(() => mail.request({ template: TEMPLATE, subjectId, to: TO, data: { note } }));
  const rows = (subjectId: string) =>
    app.database.query<{ state: string; recipient: string; data: object; message_id: string }>(
      'SELECT state, recipient, data, message_id FROM platform.mails WHERE subject_id = $1',
      [subjectId],
    );
  const lettersAbout = (note: string) => smtp.taken.filter((letter) => letter.includes(note));
  const messageIdOf = (letter = '') => /^Message-ID: (.*?)\r?$/im.exec(letter)?.[1];

  /** A mail that no worker knows of: its row alone, so that only the test sends it. */
  async function waiting(note: string, state = 'pending', lease: string | null = null): Promise<string> {
    const id = newId();
    await app.database.execute(
      `INSERT INTO platform.mails (id, template, subject_id, recipient, data, message_id, state, lease_until)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval)`,
      [id, TEMPLATE, note, TO, JSON.stringify({ note }), `<${id}@shop.test>`, state, lease],
    );
    return id;
  }

  it('goes out once for a subject, however often it is asked for', async () => {
    await request('once', 'note-once');
    await request('once', 'note-once');
    await app.settle();
    await request('once', 'note-once');
    await app.settle();
    expect(lettersAbout('note-once')).toHaveLength(1);
    const [row] = await rows('once');
    expect(messageIdOf(lettersAbout('note-once')[0])).toBe(row?.message_id);
  });

  it('goes to one address, whatever stands in it', async () => {
    const to = 'canary@other.test,canary@buyer.test';
    await app.database.transaction(() =>
      mail.request({ template: TEMPLATE, subjectId: 'one', to, data: { note: 'note-one' } }),
    );
    await app.settle();
    expect(lettersAbout('note-one')).toHaveLength(1);
    expect(smtp.recipients).toContain('"canary@other.test,canary"@buyer.test');
    expect(smtp.recipients).not.toContain('canary@other.test');
  });

  it('forgets whom it went to and what it said', async () => {
    await request('forgotten', 'note-forgotten');
    await app.settle();
    expect(await rows('forgotten')).toMatchObject([{ state: 'sent', recipient: '', data: {} }]);
  });

  it('leaves no address in facts', async () => {
    await request('quiet');
    const facts = await app.database.query<{ payload: object }>(
      `SELECT payload FROM platform.events WHERE type = 'platform.mail_requested'`,
    );
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.every(({ payload }) => Object.keys(payload).join() === 'mailId')).toBe(true);
    await app.settle();
  });

  it('is not asked for by a transaction that fails', async () => {
    const failing = app.database.transaction(async () => {
      await mail.request({ template: TEMPLATE, subjectId: 'never', to: TO, data: { note: 'note-never' } });
      throw new Error('as the test wants');
    });
    await expect(failing).rejects.toThrow('as the test wants');
    await app.settle();
    expect(await rows('never')).toEqual([]);
    expect(lettersAbout('note-never')).toEqual([]);
  });

  it('waits when the server refuses it, and says so without the address', async () => {
    const id = await waiting('note-refused');
    smtp.refusals = 1;
    const error = await mail.send(id).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain('451');
    expect(`${error?.message} ${error?.stack}`).not.toContain(TO);
    expect(await rows('note-refused')).toMatchObject([{ state: 'pending', recipient: TO }]);
    await mail.send(id);
    expect(lettersAbout('note-refused').map(messageIdOf)).toEqual([`<${id}@shop.test>`]);
  });

  it('is left to the worker that has it', async () => {
    const id = await waiting('note-leased', 'sending', '60 s');
    await expect(mail.send(id)).rejects.toThrow('another worker');
    expect(lettersAbout('note-leased')).toEqual([]);
  });

  it('is taken over from a worker that died, with the same Message-ID', async () => {
    const id = await waiting('note-orphan', 'sending', '-1 s');
    await mail.send(id);
    expect(lettersAbout('note-orphan').map(messageIdOf)).toEqual([`<${id}@shop.test>`]);
  });

  it('is sent by one of two workers that come at once', async () => {
    const id = await waiting('note-race');
    await Promise.allSettled([mail.send(id), mail.send(id)]);
    expect(lettersAbout('note-race')).toHaveLength(1);
  });

  it('is never sent inside a transaction', async () => {
    const id = await waiting('note-inside');
    await expect(app.database.transaction(() => mail.send(id))).rejects.toThrow('inside a transaction');
    expect(lettersAbout('note-inside')).toEqual([]);
  });
});
