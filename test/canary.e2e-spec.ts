import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { DomainEvent } from '../src/platform/events/event.js';
import { Outbox } from '../src/platform/events/outbox.js';
import { Audit } from '../src/platform/audit/audit.js';
import { platformProblems } from '../src/platform/http/problem.js';
import { startApp } from './support/app.js';
import { canary } from './support/canary.js';
import { given } from './support/given.js';

class Told extends DomainEvent<{ text: string }> {
  static readonly type = 'fixture.told';
}

// What is planted here is none of the run's.
delete process.env.TEST_CANARY_FILE;

/** Each suite ends with this search; here it is seen to find what it is for. */
describe('secrets and personal data that get where they do not belong', () => {
  it('are found wherever they are, by the name of their field and never by their value', async () => {
    const app = await startApp();
    try {
      const { token, email, password } = await given.customer(app);
      const phone = '+49 30 123456-78';
      await app.patch('/v1/me', { phone }, { token });
      await app.settle();
      expect(await app.leaks()).toEqual([]);

      new Logger('careless').warn(`somebody is ${email.toUpperCase()}`);
      new Logger('careless').error({ err: new Error(`no such password: ${password}`) }, 'failed');
      await app.database.transaction(async () => {
        app.app.get(Outbox).record(new Told({ text: `call ${phone}` }));
        app.app.get(Audit).record({
          actor: { kind: 'system', name: 'careless' },
          action: 'fixture.told',
          subjectType: 'account',
          subjectId: randomUUID(),
          details: { deep: [{ said: password }] },
        });
        await Promise.resolve();
      });
      await app.settle();
      await app.database.execute(
        `INSERT INTO platform.deliveries (id, event_id, consumer, queue, state, last_error)
         SELECT $1, id, 'careless', 'careless', 'dead', $2 FROM platform.events LIMIT 1`,
        [randomUUID(), `cannot write to ${email}`],
      );
      await app.database.execute(`UPDATE identity.sessions SET user_agent = $1`, [password]);
      const echo = { body: undefined, cookies: [], isProblem: true };
      const text = JSON.stringify({ detail: platformProblems.forbidden(`not with ${token}`).message });
      canary.watch({ method: 'GET', path: '/v1/me', headers: {}, body: undefined }, { ...echo, text });

      const found = (await app.leaks()).map(({ field, place }) => `${field} in ${place}`).sort();
      expect(found).toEqual([
        'authorization in the problem that GET /v1/me answers',
        'email in platform.deliveries.last_error',
        'email in the log of careless (warn)',
        'password in identity.sessions.user_agent',
        'password in platform.audit_entries.details',
        'password in the log of careless (error)',
        'phone in platform.events.payload',
      ]);
      expect(JSON.stringify(found)).not.toContain(email);
    } finally {
      await app.stop();
    }
  });

  it('fail the suite when its app closes', async () => {
    const app = await startApp();
    const { email } = await given.customer(app);
    new Logger('careless').warn(email);
    await expect(app.close()).rejects.toThrow('a value of email is in the log of careless (warn)');
  });
});
