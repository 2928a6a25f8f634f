import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newFolder, postmasterOf, RealProcess } from './support/real-process.js';

describe('npm start', () => {
  const folders: string[] = [];
  const folder = (): string => {
    const made = newFolder();
    folders.push(made);
    return made;
  };
  const ready = async (one: RealProcess): Promise<number> =>
    (await fetch(`${await one.url()}/health/ready`)).status;

  afterAll(() => RealProcess.sweep(folders));

  describe('on an empty folder', () => {
    const home = folder();
    let first: RealProcess;

    beforeAll(() => {
      first = RealProcess.start({ DATA_DIR: home });
    });

    it('answers, and refuses a second program on the same folder', async () => {
      expect(await ready(first)).toBe(200);
      const { code, complaints } = await RealProcess.start({ DATA_DIR: home }).ending();
      expect(code).toBe(1);
      expect(complaints).toEqual([expect.stringMatching(/^Another Guildhall is running on .+ DATA_DIR\.$/)]);
      expect(await ready(first)).toBe(200);
    });

    it('sells something of its demo store at once', async () => {
      const bought = await RealProcess.run(
        'bench/purchase.js',
        { DATA_DIR: home },
        '--url',
        await first.url(),
      );
      expect(bought.output).not.toMatch(/^✗/m);
      expect(bought.output).toMatch(/^✓ confirmation .+Your order 1001/m);
      expect(bought.output).toMatch(/^✓ invoice +200 .+TEST-\d{4}-000001, [\d.]+ EUR$/m);
      expect(bought.code).toBe(0);
    });

    it('adopts the database of a killed program', async () => {
      const postmaster = postmasterOf(home);
      await first.kill();
      const second = RealProcess.start({ DATA_DIR: home });
      expect(await ready(second)).toBe(200);
      expect(postmasterOf(home)).toBe(postmaster);
      await second.kill();
    });

    it('recovers when the database was killed too, and revives it when it dies alone', async () => {
      process.kill(postmasterOf(home) as number, 'SIGKILL');
      const third = RealProcess.start({ DATA_DIR: home });
      expect(await ready(third)).toBe(200);
      const postmaster = postmasterOf(home) as number;
      process.kill(postmaster, 'SIGKILL');
      const revived = async () => postmasterOf(home) !== postmaster && (await ready(third)) === 200;
      for (let look = 0; look < 600 && !(await revived()); look++) await sleep(100);
      expect(await revived()).toBe(true);
      expect((await third.terminate()).code).toBe(0);
      expect(postmasterOf(home)).toBeUndefined();
    });

    it('answers what is under way after SIGTERM, and then ends with 0 and its database', async () => {
      const last = RealProcess.start({ DATA_DIR: home });
      const { port } = new URL(await last.url());
      const client = connect(Number(port), '127.0.0.1');
      let answer = '';
      client.setEncoding('utf8').on('data', (text: string) => (answer += text));
      client.write(
        'POST /v1/carts HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{',
      );
      await sleep(200);
      const told = performance.now();
      const ended = last.terminate();
      await sleep(500);
      client.write('}');
      await once(client, 'close');
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect((await ended).code).toBe(0);
      expect(performance.now() - told).toBeLessThan(30_000);
      expect(postmasterOf(home)).toBeUndefined();
    });

    it('says which setting is wrong when everything was sealed with another secret', async () => {
      const settings = { DATA_DIR: home, SECRET_KEY: 'not the one that this store was made with' };
      const { code, complaints } = await RealProcess.start(settings).ending();
      expect([code, complaints]).toEqual([
        1,
        [expect.stringMatching(/^Setting SECRET_KEY: .*SECRET_KEY_PREVIOUS/)],
      ]);
    });
  });

  describe('the helpers', () => {
    const home = folder();
    const doctor = 'src/platform/start/doctor.js';
    const reset = 'src/platform/start/reset.js';

    it('doctor finds a fresh machine well, and a taken port not', async () => {
      const well = await RealProcess.run(doctor, { DATA_DIR: home });
      expect(well.output).not.toMatch(/^fail/m);
      expect(well.code).toBe(0);
      const taken = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const ill = await RealProcess.run(doctor, { DATA_DIR: home, PORT: String(port) });
      expect(ill.output).toMatch(/^fail +Port .+ → /m);
      expect(ill.code).toBe(1);
      taken.close();
    });

    it('reset spares a running program, forgets a stopped one, and leaves a foreign database alone', async () => {
      const one = RealProcess.start({ DATA_DIR: home });
      await one.url();
      const unasked = await RealProcess.run(reset, { DATA_DIR: home });
      expect(unasked).toMatchObject({
        code: 1,
        complaints: [expect.stringMatching(/^Nothing was touched.+ -- --yes$/)],
      });
      const refused = await RealProcess.run(reset, { DATA_DIR: home }, '--yes');
      expect(refused).toMatchObject({ code: 1, complaints: [expect.stringMatching(/^Another Guildhall/)] });
      expect(await ready(one)).toBe(200);
      // Killed, not stopped: its database still runs.
      await one.kill();
      const foreign = await RealProcess.run(
        reset,
        { DATA_DIR: home, DATABASE_URL: 'postgres://db/shop' },
        '--yes',
      );
      expect(foreign).toMatchObject({ code: 1, complaints: [expect.stringMatching(/^Nothing was touched/)] });
      expect(postmasterOf(home)).toBeDefined();
      expect((await RealProcess.run(reset, { DATA_DIR: home }, '--yes')).code).toBe(0);
      expect(existsSync(home)).toBe(false);
    });

    it.each([
      [reset, '--hard'],
      [reset, 'everything'],
      ['bench/purchase.js', '--slowly'],
      ['bench/purchase.js', '--url=nowhere'],
    ])('%s says in one line that it does not know %s', async (program, argument) => {
      const { code, complaints, output } = await RealProcess.run(program, { DATA_DIR: folder() }, argument);
      expect({ code, output }).toEqual({ code: 1, output: '' });
      expect(complaints).toHaveLength(1);
    });

    it.each([reset, 'bench/purchase.js'])('%s explains itself and does nothing else', async (program) => {
      const nowhere = path.join(folder(), 'data');
      const { code, output } = await RealProcess.run(program, { DATA_DIR: nowhere }, '--help');
      expect(output).toMatch(/^npm run \w+ \[/);
      expect(code).toBe(0);
      expect(existsSync(nowhere)).toBe(false);
    });

    it('reset leaves no folder where there was none', async () => {
      const nowhere = path.join(folder(), 'data');
      expect((await RealProcess.run(reset, { DATA_DIR: nowhere }, '--yes')).output).toMatch(
        /^Nothing to reset/,
      );
      expect(existsSync(nowhere)).toBe(false);
    });
  });

  it('runs twice at once on two folders, one selling in its own currency and one with nothing to sell', async () => {
    const british = { DATA_DIR: folder(), STORE_CURRENCY: 'GBP' };
    const both = [
      RealProcess.start(british),
      RealProcess.start({
        DATA_DIR: folder(),
        DEMO_STORE: 'off',
        NODE_ENV: 'production',
        SECRET_KEY: 'a secret that only the tests know, 32+',
        STRIPE_API_KEY: 'sk_test_that_nobody_is_shown',
        STRIPE_API_URL: 'http://127.0.0.1:9',
        STRIPE_WEBHOOK_SECRETS: 'whsec_that_nobody_is_shown',
      }),
    ] as const;
    expect(await Promise.all(both.map(ready))).toEqual([200, 200]);
    expect((await fetch(`${await both[1].url()}/metrics`)).status).toBe(404);
    const url = await both[0].url();
    const bought = await RealProcess.run('bench/purchase.js', british, '--url', url);
    expect(bought.output).toMatch(/^✓ payment .+captured, [\d.]+ GBP$/m);
    const [selling, empty] = await Promise.all(both.map((one) => one.terminate()));
    expect(selling).toMatchObject({ code: 0, output: expect.stringContaining('"currency":"GBP"') });
    expect(selling?.output).toContain(`npm run purchase -- --url ${url.replace('127.0.0.1', 'localhost')}`);
    expect(empty).toMatchObject({ code: 0, output: expect.stringContaining('POST /v1/me/password') });
    expect(empty?.output).toMatch(/Payments +Stripe at http:\/\/127\.0\.0\.1:9$/m);
    expect(empty?.output).not.toMatch(/purchase|curl|nobody_is_shown/);
  });

  describe('says in one line what is wrong', () => {
    const failing = async (settings: Record<string, string>): Promise<string> => {
      const { code, complaints } = await RealProcess.start({ DATA_DIR: folder(), ...settings }).ending();
      expect(code).toBe(1);
      expect(complaints).toHaveLength(1);
      return complaints[0] ?? '';
    };

    it('a busy port', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      expect(await failing({ PORT: String(port) })).toBe(
        `Port ${port} is in use. Stop the program that listens there, or choose another: PORT=${port + 1} npm start`,
      );
      taken.close();
    });

    it('a database that does not answer', async () => {
      const line = await failing({
        DATABASE_URL: 'postgres://me:hush-hush@127.0.0.1:1/shop',
        TEST_GATEWAY_URL: 'http://127.0.0.1:1',
      });
      expect(line).toMatch(/DATABASE_URL does not answer \(ECONNREFUSED\)\. /);
      expect(line).not.toContain('hush-hush');
    });

    it('a database that does not let us in', async () => {
      const url = new URL(process.env.TEST_DATABASE_URL as string);
      url.pathname = '/there_is_no_such_database';
      expect(await failing({ DATABASE_URL: url.href, TEST_GATEWAY_URL: 'http://127.0.0.1:1' })).toMatch(
        /no database of that name.+\(DATABASE_URL\)\.$/,
      );
    });

    it('a wrong setting, by its key and not its content', async () => {
      const line = await failing({ PORT: 'sesame' });
      expect(line).toMatch(/PORT/);
      expect(line).not.toContain('sesame');
      expect(await failing({ DATABASE_URL: 'mysql://root:hush-hush@db/shop' })).not.toContain('hush-hush');
    });

    it.each([
      ['HOST', '999.1.1.1'],
      ['HOST', '203.0.113.7'],
      ['DATA_DIR', 'package.json'],
      ['DATA_DIR', 'package.json/data'],
      ['DATA_DIR', '/proc/guildhall/data'],
    ])('%s=%s, which is nowhere', async (key, value) => {
      const line = await failing({ [key]: value });
      expect(line).toContain(key);
      expect(line).not.toMatch(/DATABASE_URL/);
    });

    it('an administrator whose password nobody may have', async () => {
      const settings = { ADMIN_EMAIL: 'boss@shop.example', ADMIN_PASSWORD: 'Passw0rd!' };
      expect(await failing(settings)).toMatch(
        /^Setting ADMIN_PASSWORD: it must have at least 15 characters; /,
      );
    });

    it('Stripe without the secret of its notices, and in the clear', async () => {
      const line = await failing({ STRIPE_API_KEY: 'sk_live_hush_hush' });
      expect(line).toMatch(/STRIPE_WEBHOOK_SECRETS.+whsec_/);
      expect(line).not.toContain('hush');
      expect(await failing({ STRIPE_API_URL: 'http://stripe.example' })).toMatch(/STRIPE_API_URL.+https/);
    });

    it('a role that has no services of its own', async () => {
      expect(await failing({ ROLE: 'worker' })).toMatch(/ROLE=worker.+DATABASE_URL/);
    });
  });
});
