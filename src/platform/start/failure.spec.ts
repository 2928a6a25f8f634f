import { BadSetting } from '../setting.js';
import { describeFailure, stacksOf, StartFailure, tellFailure } from './failure.js';

const failing = (fields: object, message = 'library text with hush-hush in it'): Error =>
  Object.assign(new Error(message), fields);

describe('what keeps a program from starting', () => {
  it('is told with its remedy', () => {
    expect(describeFailure(new StartFailure('It rains.', 'Take an umbrella.'))).toBe(
      'It rains. Take an umbrella.',
    );
    expect(describeFailure(new BadSetting('PORT', 'use a number'))).toBe('Setting PORT: use a number.');
  });

  it('names the setting whose server does not answer', () => {
    const addresses = {
      databaseUrl: 'postgres://db/shop',
      redisUrl: 'redis://cache.local',
      smtpUrl: 'smtp://mx:2525',
    };
    const refused = (port: number) => failing({ code: 'ECONNREFUSED', syscall: 'connect', port });
    expect(describeFailure(refused(5432), addresses)).toContain('DATABASE_URL');
    expect(describeFailure(refused(6379), addresses)).toContain('REDIS_URL');
    expect(describeFailure(refused(2525), addresses)).toContain('SMTP_URL');
    const unknown = failing({ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'cache.local' });
    expect(describeFailure(unknown, addresses)).toContain('REDIS_URL');
  });

  it('looks into an error that holds one for each address of localhost', () => {
    const both = failing({ errors: [failing({ code: 'ECONNREFUSED', syscall: 'connect', port: 5432 })] });
    expect(describeFailure(both)).toMatch(/DATABASE_URL does not answer \(ECONNREFUSED\)/);
  });

  it.each(['28P01', '28000', '3D000', '42501', '53300', '57P03'])(
    'is one line without secrets for %s',
    (code) => {
      const line = describeFailure(failing({ code }));
      expect(line).toMatch(/^The database .+ \(DATABASE_URL\)\.$/);
      expect(line).not.toContain('hush');
    },
  );

  it('suggests another port', () => {
    expect(describeFailure(failing({ code: 'EADDRINUSE', syscall: 'listen', port: 3000 }))).toContain(
      'PORT=3001',
    );
  });

  it('leaves a defect of ours to its stack', () => {
    expect(describeFailure(new TypeError('undefined is not a function'))).toBeNull();
  });

  it('is printed without the values of a statement', () => {
    const refused = failing(
      { detail: 'Key (email)=(ada@shop.test) already exists.', parameters: ['ada@shop.test'] },
      'refused',
    );
    const told = tellFailure(new Error('nobody was waiting', { cause: refused }));
    expect(told).toContain('failure.spec');
    expect(told).toMatch(/nobody was waiting[^]*because of Error: refused/);
    expect(told).not.toContain('ada@shop.test');
    // A network that fails while the program runs is told with the place, not with advice for the start.
    expect(stacksOf(failing({ code: 'ETIMEDOUT' }))).toContain('failure.spec');
    expect(tellFailure({ email: 'ada@shop.test' })).not.toContain('ada@shop.test');
  });
});
