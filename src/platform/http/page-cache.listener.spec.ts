import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { SystemClock } from '../clock.js';
import { Config } from '../config.js';
import { Locales } from './locales.js';
import { PageCacheListener } from './page-cache.listener.js';
import { PageCache } from './page-cache.js';

describe('PageCacheListener', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('tries again with one connection, however often it was hung up on', async () => {
    let calls = 0;
    // What a proxy does whose database is away.
    const server = createServer((socket) => {
      calls++;
      socket.on('error', () => undefined).once('data', () => socket.end());
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const config = new Config({
      NODE_ENV: 'test',
      DATABASE_URL: `postgres://shop:shop@127.0.0.1:${port}/shop`,
      SECRET_KEY: 'a secret that only the tests know, 32+',
    });
    const locales = new Locales(config);
    const listener = new PageCacheListener(
      config,
      new PageCache(config, new SystemClock(), locales),
      locales,
    );
    try {
      await listener.start();
      for (let seen = 1; seen <= 3; seen++) {
        while (calls < seen) await wait(5);
        await wait(50);
        expect(calls).toBe(seen);
      }
    } finally {
      await listener.onApplicationShutdown();
      await new Promise((done) => server.close(done));
    }
  });
});
